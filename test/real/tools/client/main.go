// Command client calls RunFunction as Crossplane's core does: grpc-go over mutual TLS, the server's name verified
// against Crossplane's authority (crossplane/crossplane, internal/xfn/function_runner.go).
//
// It reads a RunFunctionRequest in protobuf's JSON form from stdin and writes the response in that form to stdout. With
// -inflight it calls for a while instead, and writes what it measured.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// The service config that core uses.
const serviceConfig = `{"loadBalancingConfig":[{"round_robin":{}}],"methodConfig":[{"name":[{}],"waitForReady":true}]}`

func main() {
	target := flag.String("target", "dns:///localhost:9443", "where the function listens")
	certs := flag.String("certs", "", "folder with tls.crt, tls.key and ca.crt of the client; empty calls without TLS")
	calls := flag.Int("calls", 1, "how many times to call, all at once")
	timeout := flag.Duration("timeout", 20*time.Second, "for all calls together")
	inflight := flag.Int("inflight", 0, "calls in flight; above 0 the program measures")
	flag.Parse()
	if err := run(*target, *certs, *calls, *inflight, *timeout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func transport(certs string) (credentials.TransportCredentials, error) {
	if certs == "" {
		return insecure.NewCredentials(), nil
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(certs, "tls.crt"), filepath.Join(certs, "tls.key"))
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(filepath.Join(certs, "ca.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("cannot read ca.crt")
	}
	return credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, MinVersion: tls.VersionTLS12}), nil
}

func run(target, certs string, calls, inflight int, timeout time.Duration) error {
	creds, err := transport(certs)
	if err != nil {
		return err
	}
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	req := &fnv1.RunFunctionRequest{}
	if err := protojson.Unmarshal(in, req); err != nil {
		return err
	}
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(creds), grpc.WithDefaultServiceConfig(serviceConfig))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()

	if inflight > 0 {
		return measure(ctx, conn, req, calls, inflight)
	}
	client := fnv1.NewFunctionRunnerServiceClient(conn)
	responses := make([]*fnv1.RunFunctionResponse, calls)
	failures := make([]error, calls)
	var wg sync.WaitGroup
	for i := range calls {
		wg.Add(1)
		go func() {
			defer wg.Done()
			responses[i], failures[i] = client.RunFunction(ctx, proto.Clone(req).(*fnv1.RunFunctionRequest))
		}()
	}
	wg.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	out, err := protojson.Marshal(responses[0])
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(out, '\n'))
	return err
}

// variants is how many encodings of the same request are sent: Go writes maps in another order each time, as core does.
const variants = 64

// measure calls `calls` times with `inflight` at a time and writes the times as JSON.
func measure(ctx context.Context, conn *grpc.ClientConn, req *fnv1.RunFunctionRequest, calls, inflight int) error {
	encoded := make([][]byte, variants)
	for i := range encoded {
		var err error
		if encoded[i], err = proto.Marshal(req); err != nil {
			return err
		}
	}
	took := make([]time.Duration, calls)
	var next atomic.Int64
	var wg sync.WaitGroup
	failures := make([]error, inflight)
	started := time.Now()
	for w := range inflight {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var out []byte
			for i := int(next.Add(1)) - 1; i < calls; i = int(next.Add(1)) - 1 {
				begin := time.Now()
				if err := conn.Invoke(ctx, fnv1.FunctionRunnerService_RunFunction_FullMethodName, encoded[i%variants], &out, grpc.ForceCodec(raw{})); err != nil {
					failures[w] = err
					return
				}
				took[i] = time.Since(begin)
			}
		}()
	}
	wg.Wait()
	elapsed := time.Since(started)
	if err := errors.Join(failures...); err != nil {
		return err
	}
	slices.Sort(took)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"calls":        calls,
		"perSecond":    float64(calls) / elapsed.Seconds(),
		"p50":          took[calls/2].Seconds() * 1000,
		"p99":          took[calls*99/100].Seconds() * 1000,
		"requestBytes": len(encoded[0]),
	})
}

// raw passes bytes through.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return v.([]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *(v.(*[]byte)) = data; return nil }
func (raw) Name() string                       { return "proto" }
