// Package mtconnect reads what MTConnect agents say.
//
// It holds the four documents of the standard (MTConnectDevices,
// MTConnectStreams, MTConnectAssets and MTConnectError, schema versions 1.0 to
// 2.7, as XML and as JSON versions 1 and 2) and a client for the REST protocol:
// probe, current, sample in pages or as a stream, and assets.
//
// Documents are read by their structure and not by a type per element: the
// standard grows by dozens of element names with each version and vendors add
// their own, so an observation is known by where it stands (Samples, Events,
// Condition), by its suffix (TimeSeries, DataSet, Table) and by the data item
// it names. Unknown elements are kept where they are observations and passed
// over where they are not.
//
// Observations, of which there are many, are read by [StreamsReader], which
// works on the bytes as they come and allocates next to nothing per
// observation. Devices, assets and errors, of which there are few, are read
// whole.
//
// Everything an agent sends is hostile until checked: each reader has limits
// ([Limits]) and a [SyntaxError] gives the position of what was wrong.
//
// The package uses the standard library only and imports nothing of this
// module.
package mtconnect
