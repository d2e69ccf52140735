package screen

// codeGroups finds a code written in groups of the same length, letters and
// digits mixed, as services show recovery codes and the seeds of code
// generators: "KTRW-82LM-Q4ZP-19VX", "bcda 77k2 mmpo 19ty".
func (p *page) codeGroups() finding {
	for i := 0; i < len(p.tokens); {
		end, mixedGroups, others := p.equalGroups(i)
		cued := end-i >= 2 && mixedGroups >= 1 && p.senses(i-8, i)&(isRecovery|isToken|isSeed) != 0
		if n := end - i; cued || n >= 3 && mixedGroups >= 2 && others > 0 || n >= 6 && mixedGroups >= 2 {
			if !p.announcedByReference(p.tokens[i].start) && !p.glued(i) && !p.glued(end) {
				kind := KindRecovery
				if p.senses(i-8, i)&isToken != 0 {
					kind = KindToken
				}
				return p.refuse(kind, RuleGroups, i, end-1)
			}
		}
		i = max(end, i+1)
	}
	return finding{}
}

// glued reports whether token i hangs on the one before it, as in a UUID.
func (p *page) glued(i int) bool {
	return i > 0 && i < len(p.tokens) && p.tokens[i].gap&gapHyphen != 0
}

// equalGroups reads tokens of one length, four to six characters, from token i
// on, with one space or dash between. It counts those that mix letters and
// digits, and the others.
func (p *page) equalGroups(i int) (end, mixedGroups, others int) {
	size := p.tokens[i].end - p.tokens[i].start
	if size < 4 || size > 6 {
		return i, 0, 0
	}
	for end = i; end < len(p.tokens); end++ {
		t := &p.tokens[end]
		if t.end-t.start != size || end > i && !separates(p.text[p.tokens[end-1].end:t.start]) {
			break
		}
		if t.form == mixed {
			mixedGroups++
		} else {
			if t.form == letters && !p.unknown(end) {
				break
			}
			others++
		}
	}
	if others == 0 && mixedGroups >= 3 {
		others = 1
	}
	return end, mixedGroups, others
}
