package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// values stands for the named map types that Helm gives to templates.
type values map[string]any

// sample is a struct with fields and methods.
type sample struct {
	Name   string
	Count  int
	Tags   []string
	Any    any
	hidden int
}

func (s sample) Greet(who string) string { return s.Name + " greets " + who }
func (s sample) Sum(first int, more ...int) int {
	for _, m := range more {
		first += m
	}
	return first
}
func (s sample) Fail() (string, error) { return "", fmt.Errorf("%s fails", s.Name) }

// spoken is a struct that prints itself.
type spoken struct{ Word string }

func (s spoken) String() string { return "<" + s.Word + ">" }

// set is a named list with a method.
type set []string

func (s set) Has(name string) bool {
	for _, each := range s {
		if each == name {
			return true
		}
	}
	return false
}

// span is a named number.
type span int64

// decode reads data: plain JSON, and objects with one key "$type" for what JSON cannot say.
func decode(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		return nil, err
	}
	return build(plain)
}

func build(plain any) (any, error) {
	switch v := plain.(type) {
	case []any:
		for i := range v {
			item, err := build(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = item
		}
		return v, nil
	case map[string]any:
		if len(v) == 1 {
			for key, inner := range v {
				if len(key) > 1 && key[0] == '$' {
					return typed(key[1:], inner)
				}
			}
		}
		for key := range v {
			item, err := build(v[key])
			if err != nil {
				return nil, err
			}
			v[key] = item
		}
		return v, nil
	}
	return plain, nil
}

func typed(name string, inner any) (any, error) {
	text, _ := inner.(string)
	switch name {
	case "int":
		n, err := strconv.ParseInt(text, 10, 64)
		return int(n), err
	case "int32":
		n, err := strconv.ParseInt(text, 10, 32)
		return int32(n), err
	case "int64":
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err
	case "uint":
		n, err := strconv.ParseUint(text, 10, 64)
		return uint(n), err
	case "uint8":
		n, err := strconv.ParseUint(text, 10, 8)
		return uint8(n), err
	case "uint32":
		n, err := strconv.ParseUint(text, 10, 32)
		return uint32(n), err
	case "uint64":
		n, err := strconv.ParseUint(text, 10, 64)
		return n, err
	case "float":
		n, err := strconv.ParseUint(text, 16, 64)
		return math.Float64frombits(n), err
	case "span":
		n, err := strconv.ParseInt(text, 10, 64)
		return span(n), err
	case "string", "bytes":
		var decoded []byte
		_, err := fmt.Sscanf(text+"\n", "%x", &decoded)
		if text == "" {
			decoded, err = []byte{}, nil
		}
		if name == "string" {
			return string(decoded), err
		}
		return decoded, err
	}
	return typedContainer(name, inner)
}

func typedContainer(name string, inner any) (any, error) {
	switch name {
	case "strings", "set":
		list := []string{}
		for _, item := range inner.([]any) {
			list = append(list, item.(string))
		}
		if name == "set" {
			return set(list), nil
		}
		return list, nil
	case "ints":
		list := []int{}
		for _, item := range inner.([]any) {
			list = append(list, int(item.(float64)))
		}
		return list, nil
	case "stringmap":
		m := map[string]string{}
		for key, item := range inner.(map[string]any) {
			m[key] = item.(string)
		}
		return m, nil
	case "intmap":
		m := map[string]int{}
		for key, item := range inner.(map[string]any) {
			m[key] = int(item.(float64))
		}
		return m, nil
	case "values":
		m, err := build(inner)
		if err != nil {
			return nil, err
		}
		return values(m.(map[string]any)), nil
	case "nil":
		switch inner.(string) {
		case "list":
			return []any(nil), nil
		case "strings":
			return []string(nil), nil
		case "map":
			return map[string]any(nil), nil
		}
	case "sample", "samplepointer":
		m := inner.(map[string]any)
		held, err := build(m["Any"])
		if err != nil {
			return nil, err
		}
		s := sample{Name: m["Name"].(string), Count: int(m["Count"].(float64)), Any: held, Tags: []string{"a", "b"}}
		if name == "sample" {
			return s, nil
		}
		return &s, nil
	case "spoken":
		return spoken{inner.(string)}, nil
	}
	return nil, fmt.Errorf("unknown type %s", name)
}
