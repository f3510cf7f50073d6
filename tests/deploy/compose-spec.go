// SPDX-License-Identifier: EUPL-1.2

// Prints the project of a compose file as JSON, read by the library docker compose itself reads it with: schema,
// interpolation with the environment, merges, and references to networks, volumes, secrets and services. (The program
// that the library brings along loses the environment.) Exit code 1 with the reason when it is not one.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

func main() {
	if err := show(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func show(file string) error {
	environment := types.Mapping{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		environment[name] = value
	}
	folder, err := os.Getwd()
	if err != nil {
		return err
	}
	project, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  folder,
		ConfigFiles: []types.ConfigFile{{Filename: file}},
		Environment: environment,
	}, loader.WithProfiles([]string{"*"}))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(project)
}
