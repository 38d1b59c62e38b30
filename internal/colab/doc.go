// Package colab owns what Colab needs from a Jupyter server: the settings that
// are put into the container, and the check that acts as Colab's page does.
//
// It does not own how files get into a container or how one is started: it
// knows no Docker and no desktop. The settings are Python, because a settings
// file of Jupyter is; they are found by Notebook 6 and Jupyter Server 2 alike,
// and kernels see nothing of them.
package colab
