package mtconnect_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/mtconnect"
)

// endless gives begin and then fill again and again, up to size bytes.
type endless struct {
	begin, fill string
	size        int64
	given       int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.given >= e.size {
		return 0, io.EOF
	}
	n := 0
	if e.given < int64(len(e.begin)) {
		n = copy(p, e.begin[e.given:])
	} else {
		at := int((e.given - int64(len(e.begin))) % int64(len(e.fill)))
		for n < len(p) {
			n += copy(p[n:], e.fill[at:])
			at = 0
		}
	}
	e.given += int64(n)
	return n, nil
}

// TestStreamsHostile gives a reader what a hostile agent might. Each has its
// message, and the memory is bounded by the limits and not by what is sent.
func TestStreamsHostile(t *testing.T) {
	const gigabyte = 1 << 30
	head, _, _ := strings.Cut(streams("<Events>|"), "|")
	row := `<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="1"`
	tests := map[string]struct {
		begin, fill string
		want        string
	}{
		"attribute of a gigabyte":     {head + row + ` a="`, "x", "tag or text is longer than 1048576 bytes"},
		"attribute of '>'":            {head + row + ` a="`, ">", "tag or text is longer than 1048576 bytes"},
		"name of a gigabyte":          {head + `<Load`, "x", "name of an element is longer than 1024 bytes"},
		"name of an attribute":        {head + `<Load x`, "x", "tag or text is longer than 1048576 bytes"},
		"long names, deep":            {head, "<x:" + strings.Repeat("x", 1000) + ">", "elements are nested deeper than 64"},
		"white space in a tag":        {head + row, " ", "tag or text is longer than 1048576 bytes"},
		"end tag of a gigabyte":       {head + row + `>1</Load`, " ", "tag or text is longer than 1048576 bytes"},
		"attributes without end":      {head + row, " a='1'", `attribute "a" is there twice`},
		"text of a gigabyte":          {head + row + `>`, "x", "tag or text is longer than 1048576 bytes"},
		"entities without end":        {head + row + `>`, "&lt;", "tag or text is longer than 1048576 bytes"},
		"reference without end":       {head + row + `>&#`, "0", "tag or text is longer than 1048576 bytes"},
		"white space between":         {head, " ", "tag or text is longer than 1048576 bytes"},
		"CDATA of a gigabyte":         {head + row + `><![CDATA[`, "x", "text is longer than 1048576 bytes"},
		"CDATA of ends":               {head + row + `>`, "<![CDATA[]]]]>", "tag or text is longer than 1048576 bytes"},
		"comment of a gigabyte":       {head + `<!--`, "x-", "document is longer than 67108864 bytes"},
		"comments without end":        {head, "<!---->", "document is longer than 67108864 bytes"},
		"instruction of a gigabyte":   {head + `<?p `, "x?", "document is longer than 67108864 bytes"},
		"target of a gigabyte":        {head + `<?`, "x", `"xxxxxxxxxxxxxxxxxxxx" is not the target of an instruction`},
		"declaration of a gigabyte":   {`<?xml`, " ", "XML declaration does not end"},
		"deep":                        {head, "<x:a>", "elements are nested deeper than 64"},
		"deep in an observation":      {head + row + ">", "<a>", "elements are nested deeper than 64"},
		"document type":               {`<!DOCTYPE lolz [<!ENTITY lol "lol">`, `<!ENTITY l "&lol;&lol;">`, "document type declarations are not accepted"},
		"entity that is not declared": {head + row + ">&lol;</Load>", " ", `"&lol;" is not an entity of XML or a character that is allowed`},
		"nothing but white space":     {"", " ", "tag or text is longer than 1048576 bytes"},
		"no white space":              {"", "x", "tag or text is longer than 1048576 bytes"},
		"zeros":                       {"", "\x00", "control character U+0000 is not allowed"},
		"observations without end":    {head, row + ">1</Load>", "document is longer than 67108864 bytes"},
		"observations without names":  {head, "<Load/>", "<Load>: no dataItemId"},
		"vendor elements without end": {head, "<x:a/>", "document is longer than 67108864 bytes"},
		"entries without end":         {head + row + ">", `<Entry key="a">1</Entry>`, "<Load>: more than 65536 entries and cells"},
		"cells without end":           {head + row + "><Entry>", `<Cell key="a">1</Cell>`, "<Load>: more than 65536 entries and cells"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && strings.HasPrefix(tt.want, "document is longer") {
				t.Skip("reads 64 MiB")
			}
			var r *mtconnect.StreamsReader
			var err error
			total := allocated(func() {
				r = mtconnect.NewStreamsReader(mtconnect.Limits{})
				r.Reset(&endless{begin: tt.begin, fill: tt.fill, size: gigabyte})
				for err == nil {
					_, err = r.Next()
				}
			})
			var syntax *mtconnect.SyntaxError
			if !errors.As(err, &syntax) || syntax.Msg != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if most := uint64(32 << 20); total > most {
				t.Errorf("%d bytes were allocated, want at most %d", total, most)
			}
		})
	}
}

// TestStreamsKeepLittle reads what is as large as may be. The memory that it
// took goes with the document.
func TestStreamsKeepLittle(t *testing.T) {
	const row = `<VariableDataSet dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="1"`
	tests := map[string]string{
		"attribute": row + ` a="` + strings.Repeat("x", 1_000_000) + `"/>`,
		"text":      row + `>` + strings.Repeat("x", 1_000_000) + `</VariableDataSet>`,
		"decoded":   row + `>` + strings.Repeat("&lt;", 250_000) + `</VariableDataSet>`,
		"entries":   row + `>` + strings.Repeat(`<Entry key="k">1</Entry>`, 65_000) + `</VariableDataSet>`,
		"cells":     row + `><Entry key="k">` + strings.Repeat(`<Cell key="k">1</Cell>`, 65_000) + `</Entry></VariableDataSet>`,
		"run":       strings.Repeat(row+` a="`+strings.Repeat("x", 1_000_000)+`">1</VariableDataSet>`, 3),
	}
	for name, inside := range tests {
		t.Run(name, func(t *testing.T) {
			document := streams("<Events>" + inside + "</Events>")
			r := mtconnect.NewStreamsReader(mtconnect.Limits{})
			before := live()
			r.Reset(strings.NewReader(document))
			for n := 0; ; n++ {
				if _, err := r.Next(); errors.Is(err, io.EOF) && n > 0 {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			r.Reset(strings.NewReader(""))
			if kept, most := live()-before, int64(1<<20); kept > most {
				t.Errorf("%d bytes are kept, want at most %d", kept, most)
			}
			runtime.KeepAlive(document)
			runtime.KeepAlive(r)
		})
	}
}

// live returns how many bytes are in use.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// allocated returns how many bytes are allocated while do runs.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestStreamsNames gives a reader more names than it remembers.
func TestStreamsNames(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, `<Load dataItemId="item%d" name="%s" timestamp="2026-11-23T12:00:00Z" sequence="1"/>`, i, strings.Repeat("n", i))
	}
	r := mtconnect.NewStreamsReader(mtconnect.Limits{Interned: 10})
	r.Reset(strings.NewReader(streams("<Samples>" + b.String() + "</Samples>")))
	got, err := readOn(r)
	if err != nil || len(got) != 1000 {
		t.Fatalf("%d observations, error %v", len(got), err)
	}
	for i, o := range got {
		if o.DataItemID != fmt.Sprint("item", i) || len(o.Name) != i {
			t.Fatalf("observation %d is of item %q with a name of %d bytes", i, o.DataItemID, len(o.Name))
		}
	}
}

func TestStreamsLimits(t *testing.T) {
	row := `<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="1" a="">` + strings.Repeat("x", 50) + `</Load>`
	document := streams("<Samples>" + row + row + row + "</Samples>")
	tests := map[string]struct {
		enough, tooLittle mtconnect.Limits
	}{
		"document":   {mtconnect.Limits{Document: int64(len(document))}, mtconnect.Limits{Document: int64(len(document)) - 1}},
		"token":      {mtconnect.Limits{Token: 400}, mtconnect.Limits{Token: 100}},
		"depth":      {mtconnect.Limits{Depth: 6}, mtconnect.Limits{Depth: 5}},
		"attributes": {mtconnect.Limits{Attributes: 8}, mtconnect.Limits{Attributes: 7}},
		"none":       {mtconnect.Limits{Document: math.MaxInt64, Token: math.MaxInt}, mtconnect.Limits{Document: 1}},
		"negative":   {mtconnect.Limits{Document: -1, Token: -1, Depth: -1, Attributes: -1, Entries: -1, Interned: -1}, mtconnect.Limits{Document: 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := mtconnect.NewStreamsReader(tt.enough)
			r.Reset(strings.NewReader(document))
			if got, err := readOn(r); err != nil || len(got) != 3 {
				t.Errorf("%+v: %d observations, error %v", tt.enough, len(got), err)
			}
			r = mtconnect.NewStreamsReader(tt.tooLittle)
			r.Reset(strings.NewReader(document))
			var syntax *mtconnect.SyntaxError
			if _, err := readOn(r); !errors.As(err, &syntax) {
				t.Errorf("%+v: error %v, want a SyntaxError", tt.tooLittle, err)
			}
		})
	}
}

// TestStreamsAllocations reads a large document again and again: nothing may be
// allocated per observation.
func TestStreamsAllocations(t *testing.T) {
	var b strings.Builder
	const items, rows = 20, 1000
	for i := range items {
		for j := range rows {
			if i%2 == 0 { // in runs, and each unlike the one before
				j = 0
			}
			fmt.Fprintf(&b, "\n<Position dataItemId=\"item%d\" name=\"n%d\" subType=\"ACTUAL\" timestamp=\"2026-11-23T12:00:%02d.5Z\" sequence=\"%d\">%d.5</Position>", i, j, j%60, i*rows+j, j)
		}
	}
	document := streams("<Samples>" + b.String() + "</Samples>")
	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
	src := strings.NewReader(document)
	read := func() {
		src.Reset(document)
		r.Reset(src)
		for n := 0; ; n++ {
			_, err := r.Next()
			if errors.Is(err, io.EOF) && n == items*rows {
				return
			}
			if err != nil {
				t.Fatalf("after %d observations: %v", n, err)
			}
		}
	}
	read() // the names are new once
	if per := testing.AllocsPerRun(5, read) / (items * rows); per >= 0.01 {
		t.Errorf("%.4f allocations per observation, want fewer than 0.01", per)
	}
}
