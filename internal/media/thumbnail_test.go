package media

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
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

// What a picture says of itself is enough to refuse it: nothing of that size is ever in memory.
func TestAPictureThatTakesMuchMemoryIsNotDecoded(t *testing.T) {
	var j bytes.Buffer
	if err := jpeg.Encode(&j, painted(64, 64, 255), nil); err != nil {
		t.Fatal(err)
	}
	frame := bytes.Index(j.Bytes(), []byte{0xff, 0xc0})
	as := func(marker byte, width, height int) []byte {
		data := bytes.Clone(j.Bytes())
		data[frame+1] = marker
		binary.BigEndian.PutUint16(data[frame+5:], uint16(height))
		binary.BigEndian.PutUint16(data[frame+7:], uint16(width))
		return data
	}
	deep := func(width, height int) []byte {
		var p bytes.Buffer
		if err := png.Encode(&p, image.NewNRGBA64(image.Rect(0, 0, 8, 8))); err != nil {
			t.Fatal(err)
		}
		data := p.Bytes()
		binary.BigEndian.PutUint32(data[16:], uint32(width))
		binary.BigEndian.PutUint32(data[20:], uint32(height))
		binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
		return data
	}
	for what, c := range map[string]struct {
		data []byte
		want fault.Code
	}{
		"a JPEG of many pixels":                  {as(0xc0, 6000, 5000), fault.TooLarge},
		"one that is put together step by step":  {as(0xc2, 4200, 3500), fault.TooLarge},
		"one as telephones make it":              {as(0xc2, 4000, 3000), fault.InvalidParam},
		"the same that is not":                   {as(0xc0, 4200, 3500), fault.InvalidParam}, // its pixels are missing
		"a PNG of many pixels":                   {deep(5100, 5000), fault.TooLarge},
		"a small one that ends before it begins": {deep(400, 300), fault.InvalidParam},
	} {
		if _, err := shrink(bytes.NewReader(c.data), 32, 32, true); !c.want.In(err) {
			t.Errorf("%s is answered %v", what, err)
		}
	}
	var whole bytes.Buffer
	if err := jpeg.Encode(&whole, painted(64, 64, 255), nil); err != nil {
		t.Fatal(err)
	}
	if progressive(bytes.NewReader(whole.Bytes())) || !progressive(bytes.NewReader(as(0xc2, 9, 9))) {
		t.Error("the two kinds of JPEG are not told apart")
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
