package paper

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

// sheet is a picture with a dark corner at the top left: it tells how it lies.
func sheet(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{250, 250, 245, 255}
			if x < w/4 && y < h/4 {
				c = color.RGBA{10, 10, 120, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// segment is a marker segment of a JPEG.
func segment(marker byte, data string) []byte {
	return append([]byte{0xff, marker, byte((len(data) + 2) >> 8), byte(len(data) + 2)}, data...)
}

// chunk is a chunk of a PNG.
func chunk(name, data string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, name...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// exif notes how a camera was held, and where.
func exif(order binary.ByteOrder, held uint16) string {
	mark := "II"
	if order == binary.BigEndian {
		mark = "MM"
	}
	b := []byte(mark)
	put16 := func(v uint16) { b = append(b, 0, 0); order.PutUint16(b[len(b)-2:], v) }
	put32 := func(v uint32) { b = append(b, 0, 0, 0, 0); order.PutUint32(b[len(b)-4:], v) }
	put16(42)
	put32(8)
	put16(2) // entries: the maker, then how it was held
	put16(0x010f)
	put16(2)
	put32(24)
	put32(38)
	put16(0x0112)
	put16(3)
	put32(1)
	put16(held)
	put16(0)
	put32(0)
	return "Exif\x00\x00" + string(b) + "48.8566N 2.3522E SECRETPLACE"
}

// secrets are what the files below carry along.
var secrets = []string{"SECRETPLACE", "SECRETCOMMENT", "SECRETXMP", "SECRETIPTC", "SECRETICC", "SECRETBEHIND", "SECRETTEXT"}

func loaded(tb testing.TB, w, h int) map[string][]byte {
	tb.Helper()
	plain := jpegOf(tb, sheet(w, h))
	withAll := bytes.Join([][]byte{
		plain[:2], segment(0xe1, exif(binary.BigEndian, 1)), segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x>SECRETXMP</x>"),
		segment(0xed, "Photoshop 3.0\x008BIM\x04\x04SECRETIPTC"), segment(0xe2, "ICC_PROFILE\x00\x01\x01SECRETICC"), segment(0xfe, "SECRETCOMMENT"),
		plain[2:], []byte("PK\x03\x04SECRETBEHIND"),
	}, nil)
	drawn := pngOf(tb, sheet(w, h))
	texts := bytes.Join([][]byte{
		drawn[:33], chunk("tEXt", "Comment\x00SECRETTEXT"), chunk("eXIf", exif(binary.LittleEndian, 6)[6:]),
		chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00SECRETXMP"), chunk("iCCP", "x\x00\x00SECRETICC"),
		drawn[33:], []byte("SECRETBEHIND"),
	}, nil)
	return map[string][]byte{"jpeg": withAll, "png": texts}
}

func TestNothingButThePictureIsKept(t *testing.T) {
	for name, raw := range loaded(t, 640, 480) {
		found := 0
		for _, s := range secrets {
			found += bytes.Count(raw, []byte(s))
		}
		if found < 4 {
			t.Fatalf("%s carries %d secrets only", name, found)
		}
		p, err := Clean(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p.Media() != "image/"+name {
			t.Errorf("%s became %s", name, p.Media())
		}
		for _, s := range secrets {
			if bytes.Contains(p.Bytes(), []byte(s)) {
				t.Errorf("%s still has %s", name, s)
			}
		}
		m, _, err := image.Decode(bytes.NewReader(p.Bytes()))
		if err != nil || m.Bounds() != image.Rect(0, 0, 640, 480) || !dark(m, 20, 20) || dark(m, 600, 400) {
			t.Errorf("%s is another picture: %v %v", name, m.Bounds(), err)
		}
		bare(t, p)
	}
}

func dark(m image.Image, x, y int) bool {
	r, _, _, _ := m.At(x, y).RGBA()
	return r < 0x4000
}

// bare checks that a file has the parts that a picture needs, and no other.
func bare(t *testing.T, p Picture) {
	t.Helper()
	b := p.Bytes()
	if p.Media() == "image/png" {
		for at := 8; at < len(b); {
			name := string(b[at+4 : at+8])
			if !strings.Contains("IHDR PLTE tRNS IDAT IEND", name) {
				t.Errorf("a PNG has a %s", name)
			}
			at += 12 + int(binary.BigEndian.Uint32(b[at:]))
			if name == "IEND" && at != len(b) {
				t.Error("something is behind the PNG")
			}
		}
		return
	}
	for at := 2; b[at+1] != 0xda; at += 2 + int(binary.BigEndian.Uint16(b[at+2:])) {
		if m := b[at+1]; m != 0xdb && m != 0xc0 && m != 0xc4 {
			t.Errorf("a JPEG has a marker %x", m)
		}
	}
	if !bytes.HasSuffix(b, []byte{0xff, 0xd9}) || bytes.Count(b, []byte{0xff, 0xd9}) != 1 {
		t.Error("something is behind the JPEG")
	}
}

// However the telephone was held, the top left of the paper ends at the top left.
func TestPicturesAreTurnedUpright(t *testing.T) {
	top := sheet(640, 480)
	for held := uint16(1); held <= 8; held++ {
		// The sensor's picture is what turning undoes: the inverse of 6 is 8.
		inverse := map[uint16]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}[held]
		raw := jpegOf(t, upright(top, inverse))
		for _, order := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
			p, err := Clean(bytes.Join([][]byte{raw[:2], segment(0xe1, exif(order, held)), raw[2:]}, nil))
			if err != nil {
				t.Fatal(err)
			}
			m, err := jpeg.Decode(bytes.NewReader(p.Bytes()))
			if err != nil || m.Bounds() != top.Rect || !dark(m, 20, 20) || dark(m, 620, 20) || dark(m, 20, 460) || dark(m, 620, 460) {
				t.Errorf("held %d: %v %v", held, m.Bounds(), err)
			}
		}
	}
}

func TestPicturesThatAreRefused(t *testing.T) {
	hugePNG := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", "\x00\x00\xff\xff\x00\x00\xff\xff\x08\x06\x00\x00\x00")...)
	good := jpegOf(t, sheet(640, 480))
	huge := bytes.Clone(good)
	at := bytes.Index(huge, []byte{0xff, 0xc0})
	copy(huge[at+5:], "\xff\xff\xff\xff")
	passes := append(bytes.Clone(good), bytes.Repeat([]byte{0xff, 0xda}, 100)...)
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing": {nil, ErrKind}, "a text": {[]byte("mdp caf : Soleil2019"), ErrKind}, "a GIF": {[]byte("GIF89a......"), ErrKind},
		"a PDF": {[]byte("%PDF-1.7 ..."), ErrPDF}, "a late PDF": {[]byte("\n\n  %PDF-1.4"), ErrPDF},
		"a HEIC":    {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), ErrHEIC},
		"too large": {append(bytes.Clone(good), make([]byte, MaxBytes)...), ErrSize},
		"a bomb":    {hugePNG, ErrPoints}, "a JPEG bomb": {huge, ErrPoints}, "many passes": {passes, ErrPoints},
		"a stamp": {jpegOf(t, sheet(640, 200)), ErrSmall},
		"cut off": {good[:200], ErrDamaged}, "a PNG cut off": {pngOf(t, sheet(400, 400))[:120], ErrDamaged},
		"a head":      {[]byte("\xff\xd8\xff"), ErrDamaged},
		"no such PNG": {[]byte("\x89PNG\r\n\x1a\nSECRET"), ErrDamaged},
	} {
		p, err := Clean(c.raw)
		if !errors.Is(err, c.want) || !p.IsZero() {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestPicturesPrintNothing(t *testing.T) {
	p, err := Clean(jpegOf(t, sheet(640, 480)))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if said := fmt.Sprintf(verb, p); len(said) > 20 {
			t.Errorf("%s prints %d characters", verb, len(said))
		}
	}
}

// What was clean is taken again as it is, once somebody vouches for it.
func TestSeen(t *testing.T) {
	p, err := Clean(jpegOf(t, sheet(640, 480)))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Seen(p.Bytes())
	if err != nil || !bytes.Equal(again.Bytes(), p.Bytes()) || again.Media() != p.Media() {
		t.Errorf("seen: %v", err)
	}
	for _, raw := range [][]byte{nil, []byte("%PDF-1.7"), append([]byte("\xff\xd8\xff"), make([]byte, MaxBytes)...)} {
		if _, err := Seen(raw); err == nil {
			t.Errorf("%d bytes are taken", len(raw))
		}
	}
}

// Whatever comes in: no panic, and what comes out is a bare picture within limits.
func FuzzClean(f *testing.F) {
	for _, raw := range loaded(f, 300, 300) {
		f.Add(raw)
	}
	small := image.NewPaletted(image.Rect(0, 0, 300, 300), color.Palette{color.White, color.Black})
	f.Add(pngOf(f, small))
	f.Add(jpegOf(f, image.NewGray(image.Rect(0, 0, 300, 300))))
	f.Add([]byte("%PDF-1.7"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if orientation(raw) < 1 || orientation(raw) > 8 {
			t.Fatal("no such orientation")
		}
		if c, _, err := image.DecodeConfig(bytes.NewReader(raw)); err == nil && c.Width*c.Height > 1<<20 {
			return // large pictures take the fuzzer's time and nothing else
		}
		p, err := Clean(raw)
		if (err == nil) == p.IsZero() {
			t.Fatalf("a picture and %v", err)
		}
		if err != nil {
			return
		}
		if len(p.Bytes()) > MaxBytes {
			t.Fatal("too large")
		}
		bare(t, p)
		if _, err := Clean(p.Bytes()); err != nil {
			t.Fatalf("its own picture is refused: %v", err)
		}
	})
}
