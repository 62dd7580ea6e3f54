package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// A misuse is an argument that is none; it makes a command end with 2, as what cobra
// finds wrong does.
type misuse struct{ error }

// misused is an error about an argument.
func misused(format string, a ...any) error { return misuse{fmt.Errorf(format, a...)} }

// arguments takes from least to most of them; a negative most is no bound. The error
// shows how the command is written.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("an argument is missing: %s", cmd.UseLine())
		case most >= 0 && len(args) > most:
			return fmt.Errorf("%q is one argument too many: %s", args[most], cmd.UseLine())
		}
		return nil
	}
}

// noArguments is for commands without any, and for those that hold others: there it
// was meant as one of them.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || !cmd.HasAvailableSubCommands() {
		return arguments(0, 0)(cmd, args)
	}
	cmd.SuggestionsMinimumDistance = 2 // letters
	unknown := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("%s; is %s meant?", unknown, either(near))
	}
	return fmt.Errorf("%s; %q has them all", unknown, cmd.CommandPath()+" --help")
}

// either are words to choose from, in quotes.
func either(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	if last := len(quoted) - 1; last > 0 {
		return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
	}
	return quoted[0]
}

// flagError tells what is wrong with a flag without the words of Go's parsers.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	if before, _, ok := strings.Cut(text, " flag: time: "); ok {
		return errors.New(before + " flag: write it as 90s, 30m or 24h")
	}
	var number *strconv.NumError
	switch {
	case errors.As(err, &number) && errors.Is(err, strconv.ErrRange):
		return errors.New(strings.Replace(text, number.Error(), "the number is too large or too small", 1))
	case errors.As(err, &number):
		return errors.New(strings.Replace(text, number.Error(), "not a number", 1))
	case strings.HasPrefix(text, "unknown "):
		return fmt.Errorf("%w; %q has them all", err, cmd.CommandPath()+" --help")
	}
	return err
}
