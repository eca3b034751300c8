package main

import (
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
)

// writeSlips writes a page to print and cut up, one slip for each of made.
func writeSlips(w io.Writer, made []invited, until time.Time) error {
	type slip struct {
		invited
		Code template.HTML // the link, for a telephone's camera
	}
	slips := make([]slip, len(made))
	for i, one := range made {
		code, err := square(one.Link)
		if err != nil {
			return fmt.Errorf("drawing the link of %s: %w", one.Name, err)
		}
		slips[i] = slip{one, code}
	}
	return printable.Execute(w, map[string]any{"Slips": slips, "Until": until.Format(time.DateOnly)})
}

// quiet is the empty border that a QR code needs, in its own dots.
const quiet = 4

// square draws text as a QR code.
func square(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := range size {
			if black, _, _, _ := code.At(x, y).RGBA(); black == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	side := size + 2*quiet
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %d %d" shape-rendering="crispEdges" aria-hidden="true"><path d="%s"/></svg>`, side, side, path.String())), nil
}

// printable is the page of slips.
var printable = template.Must(template.New("slips").Parse(`<!doctype html>
<html lang="mul"><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Wardroom</title>
<style>
body { font: 11pt/1.5 system-ui, sans-serif; margin: 12mm; color: #000; background: #fff }
section { border: 1px dashed #777; padding: 5mm 6mm; break-inside: avoid; margin-bottom: -1px; display: grid; grid-template-columns: 1fr 34mm; column-gap: 6mm }
h1 { font-size: 14pt; margin: 0 0 2mm } p { margin: 0 } small { display: block; color: #333 } svg { width: 34mm; height: 34mm }
code { display: block; font: 12pt/1.6 ui-monospace, monospace; overflow-wrap: anywhere; margin-bottom: 2mm }
</style>
{{range .Slips}}<section>
<div>
<h1>{{.Name}}</h1>
<code>{{.Link}}</code>
<small lang="en">Open this address in a browser, or point a telephone’s camera at the square, to sign up. For one person, until {{$.Until}}.</small>
<small lang="zh-Hans">请用浏览器打开此网址，或用手机扫描方形码注册。仅供一人使用，{{$.Until}} 前有效。</small>
<small lang="zh-Hant">請用瀏覽器開啟此網址，或用手機掃描方形碼註冊。僅供一人使用，{{$.Until}} 前有效。</small>
<small lang="ja">ブラウザーでこのアドレスを開くか、スマートフォンで四角いコードを読み取って登録してください。お一人用、{{$.Until}} まで有効です。</small>
</div>
{{.Code}}
</section>
{{end}}</html>
`))
