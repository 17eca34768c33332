// Command check loads a Compose project the way `docker compose config` does (interpolation, merge,
// schema, references, dependency cycles) and needs no Docker engine. Exit status: 0 valid, 1 invalid,
// 2 wrong arguments.
//
//	check --env-file stack/.env.example --project-name bizstack stack/compose.yaml [more.yaml …]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
)

const loadTimeout = 30 * time.Second

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, errArguments) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

var errArguments = errors.New("wrong arguments")

func run(arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	envFile := flags.String("env-file", "", "file with the variables that the Compose files interpolate")
	projectName := flags.String("project-name", "bizstack", "name of the Compose project")
	if err := flags.Parse(arguments); err != nil {
		return fmt.Errorf("%w: %w", errArguments, err)
	}
	if flags.NArg() == 0 {
		return fmt.Errorf("%w: name at least one Compose file", errArguments)
	}

	// The caller's environment is left out on purpose: the result must not depend on whose shell runs it.
	options := []cli.ProjectOptionsFn{
		cli.WithName(*projectName),
		cli.WithProfiles([]string{"*"}),
		cli.WithResolvedPaths(true),
	}
	if *envFile != "" {
		options = append(options, cli.WithEnvFiles(*envFile), cli.WithDotEnv)
	}
	projectOptions, err := cli.NewProjectOptions(flags.Args(), options...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	project, err := projectOptions.LoadProject(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d services, %d networks, %d volumes\n", len(project.Services), len(project.Networks), len(project.Volumes))
	return err
}
