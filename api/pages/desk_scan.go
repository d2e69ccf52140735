package pages

import (
	"encoding/base64"
	"errors"
	"html/template"
	"io"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/charter"
	"aval/charter/screen"
	"aval/charter/screen/paper"
	"aval/consent"
)

// The picture of a signed paper: looked at first, kept when the helper says that no
// password is on it, shown again for a purpose. Until it is kept it waits in the
// page, and nowhere else.

// maxPictureForm bounds a form that brings a picture, in bytes.
const maxPictureForm = paper.MaxBytes/3*4 + 2*maxForm

// A photoView is a picture as it would be kept.
type photoView struct {
	deskView
	Mandate consent.MandateID
	Ref     string
	Place   string
	Image   template.URL
	Data    string // the same, to be sent back
	Voucher string
}

// photo is POST /mandat/photo: the picture is drawn anew and shown.
func (p *Pages) photo(c echo.Context) error {
	f, file, err := pictureForm(c, "paper", "mandate", "place", "form")
	if err != nil {
		return err
	}
	d, err := p.received(c, f)
	if err != nil {
		return err
	}
	m, err := d.register().Mandate(d.ctx, d.actor, consent.MandateID(f["mandate"]))
	if err != nil {
		return err
	}
	clean, err := d.screen(screen.Field{Name: "paper_place", Text: f["place"], Kind: screen.Place, Max: 100})
	if err != nil {
		return d.signing(m, err)
	}
	shown, err := d.register().ShowScan(d.ctx, d.actor, m.ID, file)
	if err != nil {
		return d.signing(m, err)
	}
	return d.show("photo", photoView{
		deskView: d.view("scan.title"), Mandate: m.ID, Ref: spaced(m.Ref), Place: clean[0].String(), Voucher: shown.Voucher,
		Image: dataURL(shown.Media, shown.Image), Data: base64.RawURLEncoding.EncodeToString(shown.Image),
	})
}

// dataURL is a picture inside a page (RFC 2397). Its media type is one of ours.
func dataURL(media string, data []byte) template.URL {
	return template.URL("data:" + media + ";base64," + base64.StdEncoding.EncodeToString(data)) //nolint:gosec // drawn by us
}

// seenPhoto is the picture that the page sends back.
func seenPhoto(f map[string]string) *consent.SeenScan {
	image, err := base64.RawURLEncoding.DecodeString(f["image"])
	if err != nil {
		image = nil // no voucher is good for that
	}
	return &consent.SeenScan{Image: image, Voucher: f["voucher"], NothingVisible: f["seen"] == "yes"}
}

// A keptPhotoView is a picture that was kept.
type keptPhotoView struct {
	deskView
	Mandate consent.MandateID
	Ref     string
	Image   template.URL
}

// paper is POST /mandat/papier: the picture of a mandate's paper, for a purpose.
func (p *Pages) paper(c echo.Context) error {
	d, f, err := p.posted(c, "mandate", "purpose")
	if err != nil {
		return err
	}
	m, err := d.register().Mandate(d.ctx, d.actor, consent.MandateID(f["mandate"]))
	if err != nil {
		return err
	}
	s, err := d.register().MandateScan(d.ctx, d.actor, m.ID, charter.Purpose(f["purpose"]))
	if err != nil {
		v := d.mandateView(m, false)
		return d.again(err, "mandate", &v.Problem, v)
	}
	return d.show("paper", keptPhotoView{
		deskView: d.view("scan.kept"), Mandate: m.ID, Ref: spaced(m.Ref), Image: dataURL(s.Scan.Media(), s.Scan.Reveal()),
	})
}

// scanPurposes are the purposes for which whoever asks may see the picture of a
// mandate's paper; none where there is no picture.
func (d *desk) scanPurposes(m *consent.Mandate) []choiceView {
	if !slices.ContainsFunc(m.Evidence, func(e consent.EvidenceRef) bool { return e.Type == charter.PaperScan }) {
		return nil
	}
	return d.purposes(charter.PurposeAnswerPerson, charter.PurposeReferentReview, charter.PurposeAuthorityRequest)
}

// pictureForm reads a form with one file, strictly, and in memory only: the standard
// library's own reader would put a large file on the disk. What the file is called is
// not looked at.
func pictureForm(c echo.Context, file string, members ...string) (values map[string]string, picture []byte, err error) {
	bad := &door.Fault{Status: http.StatusBadRequest, Reason: "bad_request"}
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxPictureForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, bad
	}
	values = map[string]string{}
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return values, picture, nil
		}
		if err != nil {
			return nil, nil, tooLarge(err, bad)
		}
		name := part.FormName()
		switch {
		case name == file && picture == nil:
			picture, err = readPart(part, paper.MaxBytes)
		case slices.Contains(members, name):
			if _, twice := values[name]; twice {
				return nil, nil, bad
			}
			var text []byte
			text, err = readPart(part, maxForm)
			values[name] = string(text)
		default:
			return nil, nil, bad
		}
		if err != nil {
			return nil, nil, tooLarge(err, bad)
		}
	}
}

// readPart reads one part of a form, of so many bytes at most and one more: that one
// too many shows.
func readPart(part *multipart.Part, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(part, most+1))
	if data == nil {
		data = []byte{}
	}
	return data, err
}

// tooLarge keeps the error of a body over its bound; any other is the form's fault.
func tooLarge(err error, otherwise error) error {
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return err
	}
	return otherwise
}
