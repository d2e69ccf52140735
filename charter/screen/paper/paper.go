// Package paper is the screening's door for pictures of signed papers. What comes
// out was drawn anew from the points of the picture: where and when it was taken,
// with which camera, a preview of another picture, a comment, a second file behind
// the first are not carried over, because nothing of the file is.
//
// A PDF is refused. It is a container: earlier versions, attachments, forms and
// layers lie in it that a look at the page does not show, so that "no password is
// visible" could not be said of it; and to draw its pages takes a library larger
// than this program.
package paper

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
)

// Limits of a picture.
const (
	MaxBytes  = 5 << 20  // before and after
	maxPoints = 16 << 20 // an A4 page at 400 points an inch; a phone's photo has 12 million
	minSide   = 300      // below, no handwriting can be read
	maxScans  = 64       // passes of a progressive JPEG; common ones have 10
	quality   = 85       // of what is written as JPEG
)

// Why a picture is refused.
var (
	ErrKind    = errors.New("paper: neither JPEG nor PNG")
	ErrPDF     = errors.New("paper: a PDF") // see the package
	ErrHEIC    = errors.New("paper: HEIC, what some telephones make unless told otherwise")
	ErrSize    = errors.New("paper: over the limit of bytes")
	ErrPoints  = errors.New("paper: so many points or passes that it would fill the memory")
	ErrSmall   = errors.New("paper: too few points to be read")
	ErrDamaged = errors.New("paper: begins like a picture and is none")
)

// A Picture is a picture that was drawn anew. The zero Picture is none. It prints
// as "picture".
type Picture struct {
	_ [0]func() // no ==
	p *drawn
}

type drawn struct {
	data  []byte
	media string
}

// Clean reads a picture, by what it is and not by what it is called, and draws it
// anew. It takes up to a second and 200 MB for the largest.
func Clean(raw []byte) (Picture, error) {
	if len(raw) > MaxBytes {
		return Picture{}, ErrSize
	}
	switch kind(raw) {
	case "jpeg":
		return cleanJPEG(raw)
	case "png":
		return cleanPNG(raw)
	case "pdf":
		return Picture{}, ErrPDF
	case "heic":
		return Picture{}, ErrHEIC
	}
	return Picture{}, ErrKind
}

// Seen takes bytes that Clean gave before, for whoever has proof that it did. The
// error is ErrKind or ErrSize.
func Seen(data []byte) (Picture, error) {
	media := map[string]string{"jpeg": "image/jpeg", "png": "image/png"}[kind(data)]
	switch {
	case media == "":
		return Picture{}, ErrKind
	case len(data) > MaxBytes:
		return Picture{}, ErrSize
	}
	return Picture{p: &drawn{bytes.Clone(data), media}}, nil
}

// Bytes is the file. It is not to be changed.
func (p Picture) Bytes() []byte {
	if p.p == nil {
		return nil
	}
	return p.p.data
}

// Media is the type of the file: image/jpeg or image/png; "" of none.
func (p Picture) Media() string {
	if p.p == nil {
		return ""
	}
	return p.p.media
}

// IsZero tells whether there is no picture.
func (p Picture) IsZero() bool { return p.p == nil }

// String keeps the picture out of logs.
func (Picture) String() string { return "picture" }

// GoString does so for %#v.
func (Picture) GoString() string { return "picture" }

// kind tells what bytes are by how they begin.
func kind(raw []byte) string {
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xd8\xff")):
		return "jpeg"
	case bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		return "png"
	case bytes.Contains(raw[:min(len(raw), 1024)], []byte("%PDF-")): // readers take it that late
		return "pdf"
	case len(raw) > 12 && string(raw[4:8]) == "ftyp":
		return "heic"
	}
	return ""
}

// fits looks at the size that a picture claims before any of it is unpacked.
func fits(c image.Config, err error) error {
	switch {
	case err != nil, c.Width <= 0, c.Height <= 0:
		return ErrDamaged
	case c.Width > maxPoints/c.Height:
		return ErrPoints
	case min(c.Width, c.Height) < minSide:
		return ErrSmall
	}
	return nil
}

func cleanJPEG(raw []byte) (Picture, error) {
	if err := fits(jpeg.DecodeConfig(bytes.NewReader(raw))); err != nil {
		return Picture{}, err
	}
	// Each pass goes over all points again, however short it is.
	if bytes.Count(raw, []byte{0xff, 0xda}) > maxScans {
		return Picture{}, ErrPoints
	}
	m, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		return Picture{}, ErrDamaged
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright(m, orientation(raw)), &jpeg.Options{Quality: quality}); err != nil {
		return Picture{}, ErrDamaged
	}
	return written(out.Bytes(), "image/jpeg")
}

func cleanPNG(raw []byte) (Picture, error) {
	if err := fits(png.DecodeConfig(bytes.NewReader(raw))); err != nil {
		return Picture{}, err
	}
	m, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return Picture{}, ErrDamaged
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		return Picture{}, ErrDamaged
	}
	return written(out.Bytes(), "image/png")
}

func written(data []byte, media string) (Picture, error) {
	if len(data) > MaxBytes {
		return Picture{}, ErrSize
	}
	return Picture{p: &drawn{data, media}}, nil
}
