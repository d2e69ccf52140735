package screen

// Topic says what an accepted text holds that the register may not need. The
// words are stable keys.
type Topic string

// The closed list of topics. None of these opens an account by itself, and a
// visit at home may need the first: the text is accepted, and the page asks
// "is this needed here?" (GDPR Article 5(1)(c)).
const (
	TopicDoor    Topic = "door_code"       // of a building, a gate, an intercom
	TopicWiFi    Topic = "wifi_code"       // of a public network
	TopicEnergy  Topic = "energy_customer" // customer number or meter point of an energy supplier
	TopicStudent Topic = "student_number"  // INE, national student number
)

// Topics lists every topic a warning can have.
func Topics() []Topic { return []Topic{TopicDoor, TopicWiFi, TopicEnergy, TopicStudent} }

// Warning stands beside an acceptance: the text is kept, and something in it
// may not be needed. It never holds any part of the text.
type Warning struct {
	Field string // the Name of the field, as given
	Topic Topic
	mark  func() *Mark
}

// Mark gives the part that may not be needed, or nil when it cannot be told.
func (w Warning) Mark() *Mark { return given(w.mark) }

// topicOf are the classes of the lexicon that lead to a warning, with the
// least number of characters of what they announce.
var topicOf = []struct {
	sense sense
	topic Topic
	least int
}{
	{isDoor, TopicDoor, 3}, {isWiFi, TopicWiFi, 5}, {isEnergy, TopicEnergy, 6}, {isStudent, TopicStudent, 9},
}

// ofPlace reports whether the sentence around the tokens first to last speaks of
// a door, a gate or a public network, and of nothing that a code opens besides:
// a code there is accepted, with a warning.
func (p *page) ofPlace(first, last int) bool {
	if p.has&isPlace == 0 {
		return false
	}
	from, to := p.clause(first)
	s := p.senses(max(from, first-10), min(to, last+8))
	return s&isPlace != 0 && s&(isPassword|isPIN|isOTP|isCard|isATM|isUnlock|isAccount|isRecovery) == 0
}

// unneeded finds the first number or odd value behind each word of a topic, in
// an accepted text.
func (p *page) unneeded(give func(t Topic, first, last int)) {
	if p.has&isPlace != 0 && p.has&isCode != 0 {
		p.placeCode(give)
	}
	if p.has&(isDoor|isWiFi|isEnergy|isStudent) == 0 {
		return
	}
	for _, t := range topicOf {
		if p.has&t.sense == 0 {
			continue
		}
		for i := range p.tokens {
			if p.tokens[i].sense&t.sense != 0 && p.tokens[i].head {
				if first, last := p.numberAfter(p.phraseEnd(i), t.least); last > 0 {
					give(t.topic, first, last)
					break
				}
			}
		}
	}
}

// numberAfter looks a few tokens ahead in the same sentence for something with
// a digit, of so many characters at least, that is neither an amount, a date
// nor a telephone number. It gives its tokens, or 0, 0.
func (p *page) numberAfter(j, least int) (first, last int) {
	for n := 0; j < len(p.tokens) && n < 6; j, n = j+1, n+1 {
		t := &p.tokens[j]
		if t.gap&gapStop != 0 {
			return 0, 0
		}
		r := digitRun{j, j, t.fold, false}
		for t.form == digits && r.last+1 < len(p.tokens) && p.continues(r.last+1) && r.last-j < 6 {
			r.last++
			r.digits += p.tokens[r.last].fold
		}
		if t.form != letters && len(r.digits) >= least && (t.form == mixed || !p.harmlessNumber(r)) {
			return j, r.last
		}
		j = r.last
	}
	return 0, 0
}

// placeCode finds a code of a place: "gate code 2580", "wifi du hall, code X".
func (p *page) placeCode(give func(t Topic, first, last int)) {
	for i := range p.tokens {
		if p.tokens[i].sense&isCode == 0 || !p.tokens[i].head || !p.ofPlace(i, i) {
			continue
		}
		topic := TopicDoor
		if p.has&isWiFi != 0 {
			topic = TopicWiFi
		}
		if first, last := p.numberAfter(p.phraseEnd(i), 3); last > 0 {
			give(topic, first, last)
			return
		}
	}
}
