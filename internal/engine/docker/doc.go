// Package docker owns the engine that speaks Docker's API, as Docker and Podman offer
// it: where it is on this computer, how to connect to it as the docker command does
// (contexts, TLS, proxies, credentials), and the differences between the two.
//
// Errors of the API become errors of package engine here, and no other package imports
// the Docker client.
package docker
