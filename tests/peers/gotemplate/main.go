// Command gotemplate runs templates through Go's text/template, for comparison with the engine of Tiphys.
//
// It reads one case a line and answers one line for each, both JSON. With the argument "unicode" it prints the tables of
// Unicode that Go's unicode and strconv packages decide by, as a Rust source file.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"
)

// A file is one template text with its name. Texts are bytes, base64 in JSON.
type file struct {
	Name string `json:"name"`
	Text []byte `json:"text"`
}

// A testCase is a set of templates, parsed in order; the one called Execute is run with the data.
type testCase struct {
	Templates []file          `json:"templates"`
	Execute   string          `json:"execute"`
	Data      json.RawMessage `json:"data"`
	Options   []string        `json:"options"`
}

// An answer is what was written until the end or until the error, and the error.
type answer struct {
	Output []byte `json:"output"`
	Error  string `json:"error"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "unicode" {
		printTables(os.Stdout)
		return
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 1 {
			encoded, err := json.Marshal(run(line))
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			out.Write(encoded)
			out.WriteByte('\n')
		}
		if err != nil {
			return
		}
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}

func run(line []byte) answer {
	var c testCase
	if err := json.Unmarshal(line, &c); err != nil {
		return answer{Error: "bad case: " + err.Error()}
	}
	data, err := decode(c.Data)
	if err != nil {
		return answer{Error: "bad data: " + err.Error()}
	}
	set := template.New("root")
	for _, option := range c.Options {
		set.Option(option)
	}
	set.Funcs(functions(set, c.Options))
	for _, f := range c.Templates {
		if _, err := set.New(f.Name).Parse(string(f.Text)); err != nil {
			return answer{Error: err.Error()}
		}
	}
	var output strings.Builder
	err = set.ExecuteTemplate(&output, c.Execute, data)
	result := answer{Output: []byte(output.String())}
	if err != nil {
		result.Error = err.Error()
	}
	return result
}
