package mtconnect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/factorydash/factorydash/mtconnect"
)

// exampleAgent answers probe with a mill and sample with a stream of two
// documents.
func exampleAgent(w http.ResponseWriter, r *http.Request) {
	const (
		probe = `<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:1.3"><Header instanceId="7"/><Devices>
			<Device id="m" name="Mill" uuid="mill-1"><DataItems>
				<DataItem id="exec" category="EVENT" type="EXECUTION"/>
			</DataItems></Device></Devices></MTConnectDevices>`
		part = "--B\r\nContent-type: text/xml\r\nContent-length: %d\r\n\r\n%s\r\n"
		rows = `<MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:1.3"><Header instanceId="7" nextSequence="%d"/><Streams>
			<DeviceStream name="Mill" uuid="mill-1"><ComponentStream component="Path" componentId="p"><Events>
				<Execution dataItemId="exec" sequence="%d" timestamp="2026-11-23T12:00:0%d.5Z">%s</Execution>
			</Events></ComponentStream></DeviceStream></Streams></MTConnectStreams>`
	)
	if r.URL.Path == "/probe" {
		fmt.Fprint(w, probe)
		return
	}
	w.Header().Set("Content-Type", "multipart/mixed;boundary=B")
	for i, value := range []string{"READY", "ACTIVE"} {
		document := fmt.Sprintf(rows, i+2, i+1, i+1, value)
		fmt.Fprintf(w, part, len(document), document)
	}
}

// Example reads the device models of an agent and then all that it observes,
// until the agent ends the stream.
func Example() {
	agent := httptest.NewServer(http.HandlerFunc(exampleAgent))
	defer agent.Close()

	client, err := mtconnect.NewClient(agent.URL, mtconnect.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	ctx := context.Background()
	model, _, err := client.Probe(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range model.Devices {
		fmt.Println(d.Name, "has", len(d.DataItems), "data item")
	}

	next := uint64(1)
	err = client.Stream(ctx, mtconnect.SampleQuery{From: next, Count: 1000}, func(r *mtconnect.StreamsReader) error {
		header, err := r.Header()
		for err == nil {
			var o *mtconnect.Observation
			if o, err = r.Next(); err == nil {
				fmt.Printf("%d %s %s\n", o.Sequence, o.DataItemID, o.Value)
			}
		}
		if !errors.Is(err, io.EOF) {
			return err
		}
		next = header.NextSequence // where to go on after a failure
		return nil
	})
	fmt.Println("next is", next, "ended:", errors.Is(err, mtconnect.ErrStreamEnded))
	// Output:
	// Mill has 1 data item
	// 1 exec READY
	// 2 exec ACTIVE
	// next is 3 ended: true
}
