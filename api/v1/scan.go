package v1

import (
	"context"

	"aval/charter"
	"aval/consent"
)

// ShowScan gives a picture of a signed paper back as it would be kept.
func (a *API) ShowScan(ctx context.Context, q ShowScanRequestObject) (ShowScanResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	s, err := a.register().ShowScan(ctx, actor, consent.MandateID(q.Mandate), q.Body.Image)
	if err != nil {
		return nil, err
	}
	return ShowScan200JSONResponse{
		Image: s.Image, Media: ShownScanMedia(s.Media), Voucher: s.Voucher, Until: s.Until,
	}, nil
}

// seenScan is the picture that a signing brings back; none without a voucher.
func seenScan(s SeenScan) *consent.SeenScan {
	if s.Image == nil && s.Voucher == "" {
		return nil
	}
	return &consent.SeenScan{Image: s.Image, Voucher: s.Voucher, NothingVisible: s.NothingVisible}
}

// RevealScan shows the picture of a mandate's paper for a purpose.
func (a *API) RevealScan(ctx context.Context, q RevealScanRequestObject) (RevealScanResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	s, err := a.register().MandateScan(ctx, actor, consent.MandateID(q.Mandate), charter.Purpose(q.Body.Purpose))
	if err != nil {
		return nil, err
	}
	return RevealScan200JSONResponse{
		Image: s.Scan.Reveal(), Media: RevealedScanMedia(s.Scan.Media()), Entry: s.Entry, At: s.At,
	}, nil
}
