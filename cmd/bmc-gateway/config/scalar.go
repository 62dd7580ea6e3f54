package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// text returns the text that stands in the file; false when there is none, which
// is a problem only if something else stands there.
func (n node) text() (string, bool) {
	n.form(Text)
	switch {
	case !n.given():
		return "", false
	case n.yaml.Kind != yaml.ScalarNode:
		n.refuse("is %s; text is wanted", kind(n.yaml))
		return "", false
	case n.yaml.Tag != "!!str":
		n.refuse("is %s; text is wanted, put it in quotes", kind(n.yaml))
		return "", false
	}
	return n.yaml.Value, true
}

// needed is text for a key that must be there and not be empty.
func (n node) needed(remedy string) (string, bool) {
	n.isNeeded()
	s, ok := n.text()
	switch {
	case !n.given():
		n.missing(remedy)
	case ok && s == "":
		n.refuse("is empty; %s", remedy)
	}
	return s, ok && s != ""
}

// texts returns the elements of a list of texts, each with its place.
func (n node) texts() (values []string, places []node) {
	n.element().form(Text)
	for _, one := range n.list() {
		if s, ok := one.text(); ok {
			values, places = append(values, s), append(places, one)
		}
	}
	return values, places
}

// choice returns one of the words, the first when the key is not given.
func (n node) choice(words ...string) string {
	n.oneOfWords(words, words[0])
	s, ok := n.text()
	if ok && !slices.Contains(words, s) {
		n.refuse("%q is not one of %s", s, strings.Join(words, ", "))
	}
	if !ok || !slices.Contains(words, s) {
		return words[0]
	}
	return s
}

// truth accepts true and false only: on, off, yes and no mean different things
// to different readers of YAML.
func (n node) truth(otherwise bool) bool {
	n.is(Truth, otherwise, nil, nil)
	if !n.given() {
		return otherwise
	}
	b, err := strconv.ParseBool(n.yaml.Value)
	if n.yaml.Kind != yaml.ScalarNode || n.yaml.Tag != "!!bool" || err != nil {
		n.refuse("%s; write true or false", n.shown())
		return otherwise
	}
	return b
}

// whole returns a whole number from least to most.
func (n node) whole(otherwise, least, most int) int {
	n.is(Whole, otherwise, least, most)
	if !n.given() {
		return otherwise
	}
	i, err := strconv.Atoi(n.yaml.Value)
	switch {
	case n.yaml.Kind != yaml.ScalarNode || n.yaml.Tag != "!!int" || err != nil:
		n.refuse("%s; a whole number from %d to %d is wanted", n.shown(), least, most)
	case i < least || i > most:
		n.refuse("%d is not from %d to %d", i, least, most)
	default:
		return i
	}
	return otherwise
}

// number returns a number from least to most.
func (n node) number(otherwise, least, most float64) float64 {
	n.is(Number, otherwise, least, most)
	if !n.given() {
		return otherwise
	}
	f, err := strconv.ParseFloat(n.yaml.Value, 64)
	switch {
	case kind(n.yaml) != "a number" || err != nil:
		n.refuse("%s; a number from %v to %v is wanted", n.shown(), least, most)
	case !(f >= least && f <= most): // also NaN
		n.refuse("%v is not from %v to %v", f, least, most)
	default:
		return f
	}
	return otherwise
}

// duration returns a time with its unit, from least to most. 0 needs no unit.
func (n node) duration(otherwise, least, most time.Duration) time.Duration {
	n.is(Duration, otherwise, least, most)
	if !n.given() {
		return otherwise
	}
	d, err := time.ParseDuration(n.yaml.Value)
	switch {
	case n.yaml.Kind != yaml.ScalarNode || err != nil:
		n.refuse("%s; a duration with its unit is wanted, such as %s", n.shown(), short(otherwise))
	case d < least || d > most:
		n.refuse("%s is not from %s to %s", short(d), short(least), short(most))
	default:
		return d
	}
	return otherwise
}

// shown says what stands in the file, for a value that is no secret.
func (n node) shown() string {
	if n.yaml.Kind != yaml.ScalarNode {
		return "is " + kind(n.yaml)
	}
	return fmt.Sprintf("%q is %s", n.yaml.Value, kind(n.yaml))
}

// short writes a duration as people do: "168h" and not "168h0m0s".
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// filledText is text for a key that may be left out but not be empty.
func (n node) filledText() (string, bool) {
	n.form(Text)
	if !n.given() {
		return "", false
	}
	return n.needed("give it a value or remove the key")
}
