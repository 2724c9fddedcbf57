// Package live keeps what is known now of every data item, machine and agent in
// memory and says what changed since any moment.
//
// The [Hub] is no queue. It holds the newest of each thing once, in the order of
// the last change, each with a number that counts up. A reader remembers the
// number it has seen and asks for what is newer; so it may be slow, or away for
// a while, and still gets the newest of everything that changed, once. What a
// reader missed costs the hub nothing, and a publisher never waits for a reader.
//
// A [Publisher] carries what workers commit, over Redis, to a [Follower] in each
// other process that shows it. Neither is needed for what is stored: what does not
// arrive is noticed, by the numbers of the messages and by silence, and read from
// the store. Redis is trusted as the store is: who may write to it can make pages
// show what was never observed, though not break them; of how many things they hear
// is limited, and what the store does not know is dropped.
package live
