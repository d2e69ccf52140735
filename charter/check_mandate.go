package charter

// need is how much an operation asks of the mandate it leans on.
type need int

const (
	needNothing need = iota
	needOpen         // exists and has not ended: it may still be accepted, given back, stopped
	needSigned       // and the person agreed
	needInForce      // and it covers this instant
)

func (c *Charter) needOf(f *Facts) need {
	switch f.Operation {
	case OpSign, OpRenounce:
		return needOpen
	case OpAccept, OpDeliver:
		return needSigned
	case OpCover, OpAct:
		// Doing with the person needs no mandate; one that is named must hold.
		if !f.Mandate.Exists && (f.Wanted.Mode == DoWith || f.Wanted.Mode == Train) {
			return needNothing
		}
		return needInForce
	case OpStatus:
		return needInForce
	}
	return c.needOfRead(f)
}

func mandateExists(c *Charter, f *Facts) *Finding {
	if f.Mandate.Exists || c.needOf(f) == needNothing {
		return nil
	}
	return &Finding{Reason: MandateMissing, Instead: MakeMandate}
}

// ended is how the mandate ended, as known now: an act done before a revocation
// but written after it is refused too, since stop means stop.
func (f *Facts) ended() End {
	if f.Mandate.Ended == "" || f.Now.Before(f.Mandate.EndedAt) {
		return ""
	}
	return f.Mandate.Ended
}

func notRevoked(c *Charter, f *Facts) *Finding {
	if c.needOf(f) == needNothing || f.ended() != EndRevoked {
		return nil
	}
	return &Finding{Reason: MandateRevoked, Instead: StopHelping}
}

var endReasons = map[End]Finding{
	EndRenounced:       {Reason: MandateRenounced, Instead: MakeMandate},
	EndSuperseded:      {Reason: MandateSuperseded, Instead: ReferPerson},
	EndFulfilled:       {Reason: MandateFulfilled, Instead: MakeMandate},
	EndCapacityLost:    {Reason: MandateCapacityLost, Instead: RepresentativeSigns},
	EndDeceased:        {Reason: MandateDeceased, Instead: StopHelping},
	EndStructureClosed: {Reason: MandateStructureClosed, Instead: ReferPerson},
	EndNotConfirmed:    {Reason: MandateNotConfirmed, Instead: MakeMandate},
	EndVoid:            {Reason: MandateVoid, Instead: MakeMandate},
}

func notEnded(c *Charter, f *Facts) *Finding {
	end := f.ended()
	if c.needOf(f) == needNothing || end == "" {
		return nil
	}
	if found, ok := endReasons[end]; ok {
		return &found
	}
	return &Finding{Reason: MandateEnded, Instead: MakeMandate}
}

func signed(c *Charter, f *Facts) *Finding {
	if c.needOf(f) < needSigned || f.Mandate.Signed {
		return nil
	}
	return &Finding{Reason: MandateNotSigned, Instead: SignMandate}
}

func accepted(c *Charter, f *Facts) *Finding {
	if c.needOf(f) < needInForce || f.Mandate.Accepted {
		return nil
	}
	return &Finding{Reason: MandateNotAccepted, Instead: AcceptMandate}
}

func delivered(c *Charter, f *Facts) *Finding {
	if c.needOf(f) < needInForce || f.Mandate.Delivered {
		return nil
	}
	return &Finding{Reason: CopyNotDelivered, Instead: DeliverCopy}
}

func notSuspended(c *Charter, f *Facts) *Finding {
	if c.needOf(f) < needInForce || !f.Mandate.Suspended {
		return nil
	}
	return &Finding{Reason: MandateSuspended, Instead: AskReferent}
}

func started(c *Charter, f *Facts) *Finding {
	if c.needOf(f) < needInForce || !f.Now.Before(f.Mandate.From) && !f.instant().Before(f.Mandate.From) {
		return nil
	}
	return &Finding{Reason: MandateNotStarted, Instead: WaitStart}
}

// notExpired holds for what asks for a mandate that is not over. Without an end
// a mandate covers nothing.
func notExpired(c *Charter, f *Facts) *Finding {
	if c.needOf(f) == needNothing || f.instant().Before(f.Mandate.Until) {
		return nil
	}
	return &Finding{Reason: MandateExpired, Instead: RenewMandate}
}

func confirmed(c *Charter, f *Facts) *Finding {
	by := f.Mandate.ConfirmBy
	if c.needOf(f) < needInForce || by.IsZero() || f.instant().Before(by) {
		return nil
	}
	return &Finding{Reason: MandateNotConfirmed, Instead: ConfirmMandate}
}

// activeThen refuses an act done before the mandate was active. Helpers give
// hours and minutes, so the minute of the activation counts.
func activeThen(c *Charter, f *Facts) *Finding {
	if c.needOf(f) < needInForce || f.Act.HappenedAt.IsZero() {
		return nil
	}
	if !f.Act.HappenedAt.Before(minute(f.Mandate.ActiveSince)) {
		return nil
	}
	return &Finding{Reason: MandateNotActive, Instead: ReportToReferent, Pointer: "/happened_at"}
}

// helperNamed keeps a mandate with those it was given to (Code civil art. 1994):
// the structure's team, or the helpers or the natural person it names. The copy
// may be handed over by any colleague; a referent may give a mandate back for
// the structure.
func helperNamed(c *Charter, f *Facts) *Finding {
	m := f.Mandate
	switch {
	case f.By != ByMember || c.needOf(f) == needNothing:
		return nil
	case f.Operation == OpSign || f.Operation == OpDeliver || f.Operation == OpStatus:
		return nil
	case f.Operation == OpRenounce && f.Member.isReferent() && m.Mandatary == MandataryStructure:
		return nil
	case f.stopsAtDesk():
		return nil
	case m.Includes || m.Team && m.Mandatary == MandataryStructure && !c.hosted(f.Member):
		return nil
	}
	return &Finding{Reason: HelperNotNamed, Instead: AnotherHelper}
}
