package block

import "encoding/binary"

// Sign gives a block the checksums of what it says, so that whatever that is
// comes behind them.
func Sign(b *Block) {
	if len(b.Summary) >= 4 {
		binary.LittleEndian.PutUint32(b.Summary, b.checksum(new(metaBytes), b.Summary[4:]))
	}
	if len(b.Data) >= headerSize {
		b.Data[0] = version
		binary.LittleEndian.PutUint32(b.Data[1:], b.checksum(new(metaBytes), b.Summary, b.Data[headerSize:]))
	}
}

// HeldBytes is what a builder holds.
func HeldBytes(b *Builder) int { return b.bytes }
