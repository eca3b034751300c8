package config

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Example is a file with every field, its comment and its default. It is generated from Config.
//
//go:embed default.toml
var Example string

// Read reads the file over the defaults, before Complete. It returns all mistakes, joined, and with them what was right.
func Read(file string) (Config, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Default(), fmt.Errorf("reading the configuration: %w", err)
	}
	c, err := Parse(string(data))
	if err != nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return c, err
}

// Parse is Read for a text.
func Parse(text string) (Config, error) {
	c := Default()
	fields := map[string]any{}
	if _, err := toml.Decode(text, &fields); err != nil {
		var where toml.ParseError
		if errors.As(err, &where) {
			return c, fmt.Errorf("line %d: %s", where.Position.Line, where.Message)
		}
		return c, err
	}
	return c, errors.Join(assign(reflect.ValueOf(&c).Elem(), fields, "")...)
}

// assign sets the fields of a struct and returns what did not fit.
func assign(into reflect.Value, fields map[string]any, prefix string) (wrong []error) {
	known := map[string]reflect.Value{}
	for i := range into.NumField() {
		known[into.Type().Field(i).Tag.Get("toml")] = into.Field(i)
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f, ok := known[name]
		if !ok {
			wrong = append(wrong, fmt.Errorf("%s%s: there is no such field%s", prefix, name, elsewhere(prefix+name)))
			continue
		}
		switch v := fields[name].(type) {
		case string:
			if f.Kind() == reflect.String {
				f.SetString(v)
				continue
			}
		case int64:
			if f.Kind() == reflect.Int {
				f.SetInt(v)
				continue
			}
		case map[string]any:
			if f.Kind() == reflect.Struct {
				wrong = append(wrong, assign(f, v, prefix+name+".")...)
				continue
			}
		}
		kind := map[reflect.Kind]string{reflect.String: `a text in "quotes"`, reflect.Int: "a whole number", reflect.Struct: "a section, [" + name + "]"}[f.Kind()]
		wrong = append(wrong, fmt.Errorf("%s%s: must be %s", prefix, name, kind))
	}
	return wrong
}

// elsewhere tells who looks for power here that it is not here.
func elsewhere(name string) string {
	for _, word := range []string{
		"retention", "lifetime", "expire", "delete", "keep", "registration", "signup", "sign_up", "domain", "password", "pattern",
		"witness", "approv", "officer", "quorum", "ips", "addresses", "presence", "attendance", "history", "encrypt", "e2ee", "escrow",
		"guard", "report", "dlp", "admin", "moderat", "suspend", "banned", "user", "room", "exempt", "exception", "warrant", "rules",
	} {
		if strings.Contains(name, word) {
			return "; rules about people are not set by a file on the server"
		}
	}
	return ""
}
