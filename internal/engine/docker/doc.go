// Package docker owns the engine that speaks Docker's API, which Docker and Podman
// offer. It finds the engine on this computer, connects to it as the docker command
// does (contexts, TLS, proxies, credentials), and hides the differences between the
// two.
//
// The package converts errors of the API to errors of package engine. No other package
// imports the Docker client.
package docker
