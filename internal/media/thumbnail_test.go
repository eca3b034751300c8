package media

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"wardroom/internal/fault"
)

// painted is a picture whose left half is red and whose right half is blue, both as opaque as alpha says.
func painted(width, height int, alpha uint8) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			c := color.NRGBA{200, 0, 0, alpha}
			if x >= width/2 {
				c = color.NRGBA{0, 0, 200, alpha}
			}
			m.Set(x, y, c)
		}
	}
	return m
}

func TestKindsOfPictures(t *testing.T) {
	encode := map[string]func(*bytes.Buffer, image.Image) error{
		"png":  func(b *bytes.Buffer, m image.Image) error { return png.Encode(b, m) },
		"jpeg": func(b *bytes.Buffer, m image.Image) error { return jpeg.Encode(b, m, nil) },
		"gif":  func(b *bytes.Buffer, m image.Image) error { return gif.Encode(b, m, nil) },
	}
	for kind, enc := range encode {
		for _, alpha := range []uint8{255, 100} {
			var b bytes.Buffer
			if err := enc(&b, painted(400, 200, alpha)); err != nil {
				t.Fatal(err)
			}
			p, err := shrink(bytes.NewReader(b.Bytes()), 96, 96, true)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			m, got, err := image.Decode(bytes.NewReader(p.Bytes))
			if err != nil || m.Bounds() != image.Rect(0, 0, 96, 96) || "image/"+got != p.Type {
				t.Errorf("%s: %s, %v", kind, got, err)
				continue
			}
			if want := map[bool]string{true: "png", false: "jpeg"}[kind == "png" && alpha < 255]; got != want {
				t.Errorf("%s with alpha %d became %s", kind, alpha, got)
			}
			if r, _, b, _ := m.At(10, 50).RGBA(); r < b {
				t.Errorf("%s: the left is not red", kind)
			}
			if r, _, b, _ := m.At(85, 50).RGBA(); b < r {
				t.Errorf("%s: the right is not blue", kind)
			}
		}
	}
}

func TestASmallPictureStaysAsItIs(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, painted(20, 20, 255)); err != nil {
		t.Fatal(err)
	}
	p, err := shrink(bytes.NewReader(b.Bytes()), 32, 32, false)
	if err != nil || p.Type != "image/png" || !bytes.Equal(p.Bytes, b.Bytes()) {
		t.Errorf("got %s, %d bytes, %v", p.Type, len(p.Bytes), err)
	}
}

func TestVeryLongPictures(t *testing.T) {
	for _, size := range [][2]int{{5000, 1}, {1, 5000}, {3, 2000}} {
		for _, crop := range []bool{true, false} {
			var b bytes.Buffer
			if err := png.Encode(&b, painted(size[0], size[1], 255)); err != nil {
				t.Fatal(err)
			}
			p, err := shrink(bytes.NewReader(b.Bytes()), 32, 32, crop)
			if err != nil {
				t.Errorf("%v: %v", size, err)
				continue
			}
			if _, _, err := image.Decode(bytes.NewReader(p.Bytes)); err != nil {
				t.Errorf("%v: %v", size, err)
			}
		}
	}
}

func FuzzShrink(f *testing.F) {
	var p, j, g bytes.Buffer
	if err := png.Encode(&p, painted(50, 40, 9)); err != nil {
		f.Fatal(err)
	}
	if err := jpeg.Encode(&j, painted(50, 40, 255), nil); err != nil {
		f.Fatal(err)
	}
	if err := gif.Encode(&g, painted(50, 40, 255), nil); err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{p.Bytes(), j.Bytes(), g.Bytes(), []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0e\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")} {
		f.Add(seed, 32, 32, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, width, height int, crop bool) {
		if width < 1 || height < 1 {
			return
		}
		got, err := shrink(bytes.NewReader(data), width, height, crop)
		if err != nil {
			if !fault.InvalidParam.In(err) && !fault.TooLarge.In(err) {
				t.Errorf("%v", err)
			}
			return
		}
		if got.Type == "" || len(got.Bytes) == 0 {
			t.Error("an empty answer")
		}
	})
}
