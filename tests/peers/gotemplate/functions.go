package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
)

// functions are the ones that the cases may call besides Go's own; the tests declare the same ones for Tiphys.
func functions(root *template.Template, options []string) template.FuncMap {
	return template.FuncMap{
		"str":       func(s string) string { return "s:" + s },
		"num":       func(n int) int { return n + 1 },
		"num64":     func(n int64) int64 { return n + 1 },
		"unum":      func(n uint64) uint64 { return n + 1 },
		"flt":       func(f float64) float64 { return f / 2 },
		"boolean":   func(b bool) bool { return !b },
		"items":     func(l []any) int { return len(l) },
		"words":     func(l []string) string { return strings.Join(l, "+") },
		"entries":   func(m map[string]any) int { return len(m) },
		"many":      func(first string, rest ...any) string { return first + fmt.Sprint(len(rest)) },
		"manyint":   func(rest ...int) int { return len(rest) },
		"any":       func(v any) any { return v },
		"nothing":   func() any { return nil },
		"answer":    func() int { return 42 },
		"fails":     func(text string) (string, error) { return "", errors.New(text) },
		"list":      func(items ...any) []any { return items },
		"dict":      dict,
		"set":       func(m map[string]any, key string, value any) map[string]any { m[key] = value; return m },
		"sorted":    func(l []string) []string { slices.Sort(l); return l },
		"typeof":    func(v any) string { return fmt.Sprintf("%T", v) },
		"include":   includer(root),
		"tpl":       evaluator(root, options),
		"continueX": func() string { return "x" },
	}
}

func dict(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m
}

// includer gives the function that executes a template of the set and returns its output.
func includer(set *template.Template) func(string, any) (string, error) {
	return func(name string, data any) (string, error) {
		var output strings.Builder
		err := set.ExecuteTemplate(&output, name, data)
		return output.String(), err
	}
}

// evaluator gives the function that parses a text beside the templates of the set, and executes it.
func evaluator(parent *template.Template, options []string) func(string, any) (string, error) {
	return func(text string, data any) (string, error) {
		inner, err := parent.Clone()
		if err != nil {
			return "", err
		}
		for _, option := range options {
			inner.Option(option)
		}
		inner.Funcs(template.FuncMap{"include": includer(inner), "tpl": evaluator(inner, options)})
		inner, err = inner.New(parent.Name()).Parse(text)
		if err != nil {
			return "", fmt.Errorf("cannot parse template %q: %w", text, err)
		}
		var output strings.Builder
		if err := inner.Execute(&output, data); err != nil {
			return "", fmt.Errorf("error during tpl function execution for %q: %w", text, err)
		}
		return output.String(), nil
	}
}
