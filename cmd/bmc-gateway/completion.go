package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// completionPatience is how long somebody who has pressed Tab waits for the daemon.
const completionPatience = time.Second

// completes has the shell offer BMCs and tenants, as the daemon knows them, and the
// words that flags take; files only where a file is meant.
func (p *program) completes(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		p.completes(sub)
	}
	if cmd.Flags().Lookup("tenant") != nil {
		// The error is for a flag that is not there.
		_ = cmd.RegisterFlagCompletionFunc("tenant", p.offer(tenantNames))
	}
	if cmd.ValidArgsFunction != nil || len(cmd.ValidArgs) > 0 {
		return
	}
	_, arguments, _ := strings.Cut(cmd.Use, " ")
	first, _, _ := strings.Cut(arguments, " ")
	switch first {
	case "NAME...", "BMC", "TENANT/VM":
		cmd.ValidArgsFunction = p.offer(func(all []admin.BMC) []string { return append(bmcNames(all), wordsOf(cmd)...) })
	case "TENANT[/VM]":
		cmd.ValidArgsFunction = p.offer(func(all []admin.BMC) []string { return append(tenantNames(all), bmcNames(all)...) })
	case "TENANT":
		cmd.ValidArgsFunction = p.offer(tenantNames)
	case "DIR", "[DIR...]":
	default:
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
}

// offer has the shell offer what names makes of the BMCs; nothing when the daemon does
// not answer.
func (p *program) offer(names func([]admin.BMC) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
		defer cancel()
		all, _ := p.client().BMCs(ctx, "")
		var fit []string
		for _, name := range names(all) {
			if strings.HasPrefix(name, begun) {
				fit = append(fit, printable(name))
			}
		}
		return fit, cobra.ShellCompDirectiveNoFileComp
	}
}

// wordsOf are the words that a command has in its arguments: "pxe|disk".
func wordsOf(cmd *cobra.Command) []string {
	if last := cmd.Use[strings.LastIndexByte(cmd.Use, ' ')+1:]; strings.Contains(last, "|") {
		return strings.Split(last, "|")
	}
	return nil
}

func bmcNames(all []admin.BMC) (names []string) {
	for _, b := range all {
		names = append(names, b.Tenant+"/"+b.Name)
	}
	return names
}

func tenantNames(all []admin.BMC) (names []string) {
	seen := make(map[string]bool)
	for _, b := range all {
		if !seen[b.Tenant] {
			seen[b.Tenant] = true
			names = append(names, b.Tenant)
		}
	}
	return names
}
