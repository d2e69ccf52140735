package paper

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
)

// A telephone keeps the picture as its sensor lies and notes how it was held. The
// note goes with the rest, so the picture is turned first.

// orientation reads how the camera was held (Exif 2.3 §4.6.4, tag 0x0112): 1 to 8,
// 1 when nothing says so.
func orientation(jpeg []byte) int {
	for at := 2; at+4 <= len(jpeg) && jpeg[at] == 0xff && jpeg[at+1] != 0xda; {
		size := int(binary.BigEndian.Uint16(jpeg[at+2:])) // without the marker's two bytes
		if size < 2 || at+2+size > len(jpeg) {
			return 1
		}
		segment := jpeg[at+4 : at+2+size]
		if tiff, is := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); is && jpeg[at+1] == 0xe1 {
			return orientationTag(tiff)
		}
		at += 2 + size
	}
	return 1
}

// orientationTag looks into the first directory of a TIFF header (TIFF 6.0 §2).
func orientationTag(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if v := int(order.Uint16(entries[8:])); order.Uint16(entries) == 0x0112 && v >= 1 && v <= 8 {
			return v
		}
		entries = entries[12:]
	}
	return 1
}

// upright turns and mirrors a picture as its orientation asks.
func upright(m image.Image, o int) image.Image {
	if o <= 1 || o > 8 {
		return m
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	from := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(from, from.Rect, m, m.Bounds().Min, draw.Src)
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	if o >= 5 {
		to = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch o {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			copy(to.Pix[to.PixOffset(tx, ty):][:4], from.Pix[from.PixOffset(x, y):][:4])
		}
	}
	return to
}
