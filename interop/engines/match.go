// The judged forms of patterns, matched by Go.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
)

func text(field string) string {
	bytes, err := hex.DecodeString(field)
	if err != nil {
		panic(err)
	}
	return string(bytes)
}

func printable(candidate string) bool {
	for _, byte := range []byte(candidate) {
		if byte < '!' || byte > '~' {
			return false
		}
	}
	return true
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		compiled, err := regexp.Compile(text(fields[0]))
		if err != nil {
			fmt.Println("refused")
			continue
		}
		var answer strings.Builder
		for _, field := range fields[1:] {
			candidate := text(field)
			if printable(candidate) && compiled.MatchString(candidate) {
				answer.WriteByte('1')
			} else {
				answer.WriteByte('0')
			}
		}
		fmt.Println(answer.String())
	}
}
