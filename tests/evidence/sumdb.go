// SPDX-License-Identifier: GPL-3.0-or-later

// Checks a capture with golang.org/x/mod/sumdb, which others have written: its note package
// opens the checkpoint, its tlog package authenticates the tiles of hashes and each entry's
// place in the tree, and computes the root anew.
//
//	sumdb DIR VERIFIER-KEY
//
// Needs golang-go and golang-golang-x-mod-dev; says "sound" and the root, or what is not.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error, what string) {
	if err != nil {
		fmt.Printf("not sound: %s: %v\n", what, err)
		os.Exit(1)
	}
}

// Go's paths name the height of tiles, and call entries data.
var paths = strings.NewReplacer("tile/8/data/", "tile/entries/", "tile/8/", "tile/")

type directory string

func (d directory) read(tile tlog.Tile) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), paths.Replace(tile.Path())))
}

func (d directory) Height() int { return 8 }

func (d directory) SaveTiles([]tlog.Tile, [][]byte) {}

func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		bytes, err := d.read(tile)
		if err != nil {
			return nil, err
		}
		all = append(all, bytes)
	}
	return all, nil
}

func checkpoint(d directory, key string) tlog.Tree {
	verifier, err := note.NewVerifier(key)
	check(err, "verifier key")
	text, err := os.ReadFile(filepath.Join(string(d), "checkpoint"))
	check(err, "checkpoint")
	opened, err := note.Open(text, note.VerifierList(verifier))
	check(err, "checkpoint")
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check(err, "root")
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

// The entries, in order.
func entries(d directory, size int64, each func(number int64, entry []byte)) {
	for first := int64(0); first < size; first += 256 {
		tile := tlog.Tile{H: 8, L: -1, N: first / 256, W: 256}
		if size-first < 256 {
			tile.W = int(size - first)
		}
		bundle, err := d.read(tile)
		check(err, "bundle")
		for i := 0; i < tile.W; i++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				check(fmt.Errorf("cut short"), fmt.Sprintf("entry %d", first+int64(i)))
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			each(first+int64(i), bundle[2:end])
			bundle = bundle[end:]
		}
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Println("usage: sumdb DIR VERIFIER-KEY")
		os.Exit(2)
	}
	d := directory(os.Args[1])
	tree := checkpoint(d, os.Args[2])
	tiles := tlog.TileHashReader(tree, d)
	var stored []tlog.Hash
	own := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	entries(d, tree.N, func(number int64, entry []byte) {
		hashes, err := tlog.StoredHashes(number, entry, own)
		check(err, "hashes")
		proof, err := tlog.ProveRecord(tree.N, number, tiles)
		check(err, fmt.Sprintf("tiles of entry %d", number))
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, number, hashes[0]), fmt.Sprintf("entry %d", number))
		stored = append(stored, hashes...)
	})
	root, err := tlog.TreeHash(tree.N, own)
	check(err, "root")
	if root != tree.Hash {
		check(fmt.Errorf("%v", root), "root")
	}
	fmt.Printf("sound: %d entries, root %v\n", tree.N, root)
}
