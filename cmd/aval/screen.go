package main

import (
	"errors"

	"github.com/spf13/cobra"

	"aval/charter/screen"
)

func (p *program) screenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "screen",
		Short: "Judge notes on standard input: would the register refuse them as credentials?",
		Long: "Reads JSON lines {\"id\",\"text\",\"field\"} on standard input, perhaps with {\"text2\",\"field2\"},\n" +
			"and writes one verdict a line, never the text. An accepted note with something that is\n" +
			"perhaps not needed, such as a door code, has a member \"warning\". Exit status 2 on a line that cannot be read.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			err := screen.JudgeLines(p.in, p.out)
			var line *screen.LineError
			if errors.As(err, &line) {
				return misuse("line %d cannot be read", line.Line)
			}
			if err != nil {
				return misuse("%w", err)
			}
			return nil
		},
	}
}
