package media

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // decoded by image.Decode
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // decoded by image.Decode

	"wardroom/internal/fault"
)

const (
	maxPixels        = 25_000_000  // of a picture that is made smaller
	maxDecoded       = 200_000_000 // bytes that it takes to decode it
	thumbnailsAtOnce = 2
)

// sizes of thumbnails; what a client asks for is rounded up to one of them.
//
// Spec: client-server API, "Thumbnails".
var sizes = []struct {
	width, height int
	crop          bool
}{{32, 32, true}, {96, 96, true}, {320, 240, false}, {640, 480, false}, {800, 600, false}}

// Picture is a ready answer: a picture and its type.
type Picture struct {
	Type  string
	Bytes []byte
}

// Thumbnail makes a smaller picture of the file under server and id, at least width by height where the picture is that
// large. Only pictures that are not encrypted have one: avatars, mostly. Of encrypted pictures the sender's client
// makes it. It returns fault.InvalidParam if there can be none, fault.TooLarge if the picture has too many pixels, and what Open
// returns.
//
// Spec: client-server API, GET /_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}.
func (f *Files) Thumbnail(ctx context.Context, server, id string, by Reader, width, height int, crop bool) (Picture, error) {
	if width < 1 || height < 1 {
		return Picture{}, fault.InvalidParam.New("The width and the height of a thumbnail must be positive numbers.")
	}
	file, body, err := f.Open(ctx, server, id, by)
	if err != nil {
		return Picture{}, err
	}
	defer body.Close()
	switch file.Type {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
	default:
		return Picture{}, fault.InvalidParam.New("There are thumbnails of JPEG, PNG, GIF and WebP pictures alone. Whoever sends an encrypted picture sends its thumbnail along.")
	}
	select {
	case f.shrinking <- struct{}{}:
		defer func() { <-f.shrinking }()
	case <-ctx.Done():
		return Picture{}, ctx.Err()
	}
	return shrink(body, width, height, crop)
}

// shrink decodes a picture and makes it smaller. It decodes nothing before it knows how many pixels there will be.
func shrink(from io.ReadSeeker, width, height int, crop bool) (Picture, error) {
	notOne := func(err error) error {
		return fault.InvalidParam.Wrap(err, "This file is no picture that can be read.")
	}
	dims, kind, err := image.DecodeConfig(from)
	if err != nil || dims.Width < 1 || dims.Height < 1 {
		return Picture{}, notOne(err)
	}
	if dims.Width > maxPixels/dims.Height {
		return Picture{}, fault.TooLarge.New("The picture is too large for a thumbnail: %d × %d pixels, and %d million is the most.", dims.Width, dims.Height, maxPixels/1_000_000)
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return Picture{}, fmt.Errorf("reading a picture: %w", err)
	}
	if each := bytesPerPixel(dims, kind, from); dims.Width > maxDecoded/each/dims.Height {
		return Picture{}, fault.TooLarge.New("The picture takes too much memory for a thumbnail: of this kind %d million pixels are the most.", maxDecoded/each/1_000_000)
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return Picture{}, fmt.Errorf("reading a picture: %w", err)
	}
	last := sizes[len(sizes)-1]
	width, height = min(width, last.width), min(height, last.height)
	for _, s := range sizes {
		if s.crop == crop && s.width >= width && s.height >= height {
			width, height = s.width, s.height
			break
		}
	}
	part, to := frame(image.Rect(0, 0, dims.Width, dims.Height), width, height, crop)
	if to.Dx() >= part.Dx() { // small enough as it is; a GIF that moves goes on moving
		whole, err := io.ReadAll(from)
		if err != nil {
			return Picture{}, fmt.Errorf("reading a picture: %w", err)
		}
		return Picture{"image/" + kind, whole}, nil
	}
	full, err := decode(from)
	if err != nil {
		return Picture{}, notOne(err)
	}
	small := image.NewNRGBA(to)
	draw.CatmullRom.Scale(small, to, full, part.Add(full.Bounds().Min), draw.Src, nil)
	var out bytes.Buffer
	if small.Opaque() {
		if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: 85}); err != nil {
			return Picture{}, fmt.Errorf("writing a thumbnail: %w", err)
		}
		return Picture{"image/jpeg", out.Bytes()}, nil
	}
	if err := png.Encode(&out, small); err != nil {
		return Picture{}, fmt.Errorf("writing a thumbnail: %w", err)
	}
	return Picture{"image/png", out.Bytes()}, nil
}

// bytesPerPixel is how much memory decoding takes at most. A progressive JPEG is put together out of its coefficients, four bytes each and
// three or four of them for a pixel, all of which have to be there.
func bytesPerPixel(dims image.Config, kind string, from io.Reader) int {
	if kind == "jpeg" && progressive(from) {
		if dims.ColorModel == color.CMYKModel {
			return 20
		}
		return 15
	}
	return 8 // with 16 bits a channel
}

// progressive reports whether a JPEG is one, by the first of its markers that says so: those before have their length behind them.
func progressive(from io.Reader) bool {
	in := bufio.NewReader(from)
	if _, err := in.Discard(2); err != nil { // the start of an image
		return false
	}
	for {
		c, err := in.ReadByte()
		if err != nil {
			return false
		}
		if c != 0xff {
			continue // between segments; decoders pass over it
		}
		for c == 0xff && err == nil {
			c, err = in.ReadByte()
		}
		switch {
		case err != nil || c == 0xc0 || c == 0xc1 || c == 0xda:
			return false
		case c == 0xc2:
			return true
		case c == 0 || c >= 0xd0 && c <= 0xd9:
			continue // without a length
		}
		var length [2]byte
		if _, err := io.ReadFull(in, length[:]); err != nil {
			return false
		}
		if _, err := in.Discard(max(0, int(length[0])<<8+int(length[1])-2)); err != nil {
			return false
		}
	}
}

// decode is image.Decode, and a decoder that panics on a broken picture is an error.
func decode(r io.Reader) (m image.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoding: %v", p)
		}
	}()
	m, _, err = image.Decode(r)
	if err == nil && m.Bounds().Empty() {
		err = errors.New("no pixels")
	}
	return m, err
}

// frame is which part of a picture is shown, and how large: all of it within width by height, or, for crop, the middle
// of it filling width by height.
func frame(all image.Rectangle, width, height int, crop bool) (part, to image.Rectangle) {
	w, h := all.Dx(), all.Dy()
	if !crop {
		if w*height > h*width {
			return all, image.Rect(0, 0, width, max(1, h*width/w))
		}
		return all, image.Rect(0, 0, max(1, w*height/h), height)
	}
	pw, ph := w, h
	if w*height > h*width {
		pw = max(1, h*width/height)
	} else {
		ph = max(1, w*height/width)
	}
	x, y := (w-pw)/2, (h-ph)/2
	return image.Rect(x, y, x+pw, y+ph), image.Rect(0, 0, width, height)
}
