package v1

import (
	"context"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// maxPresetName is the longest name of a preset, in characters: it stands on a
// button.
const maxPresetName = 80

// ListPresets lists the presets of the structure.
func (a *API) ListPresets(ctx context.Context, _ ListPresetsRequestObject) (ListPresetsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Presets(ctx, actor)
	if err != nil {
		return nil, err
	}
	answer := ListPresets200JSONResponse{Presets: []Preset{}}
	for _, p := range list {
		answer.Presets = append(answer.Presets, preset(p))
	}
	return answer, nil
}

func preset(p consent.Preset) Preset {
	v := Preset{
		Id: PresetId(p.ID), Name: p.Name.String(), Days: p.Days, OneProcedure: p.OneProcedure, Changed: p.Changed,
		By: MemberId(p.By), Powers: []Power{},
	}
	for _, w := range p.Powers {
		v.Powers = append(v.Powers, Power{Service: Code(w.Service), Procedure: Code(w.Procedure), Mode: Code(w.Mode)})
	}
	return v
}

// SavePreset writes a preset.
func (a *API) SavePreset(ctx context.Context, q SavePresetRequestObject) (SavePresetResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	clean, err := a.d.Screen(ctx, actor, b.Name.Field("name", screen.Name, maxPresetName))
	if err != nil {
		return nil, err
	}
	n := consent.NewPreset{ID: consent.PresetID(b.Id), Name: clean[0], Days: b.Days, OneProcedure: b.OneProcedure}
	for _, p := range b.Powers {
		n.Powers = append(n.Powers, consent.Power{
			Service: charter.ServiceCode(p.Service), Procedure: charter.ProcedureCode(p.Procedure), Mode: charter.Mode(p.Mode),
		})
	}
	saved, err := a.register().SavePreset(ctx, actor, n)
	if err != nil {
		return nil, err
	}
	return SavePreset200JSONResponse(preset(saved)), nil
}

// DropPreset takes a preset away.
func (a *API) DropPreset(ctx context.Context, q DropPresetRequestObject) (DropPresetResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().DropPreset(ctx, actor, consent.PresetID(q.Preset)); err != nil {
		return nil, err
	}
	return DropPreset204Response{}, nil
}
