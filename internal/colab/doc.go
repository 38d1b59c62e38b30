// Package colab owns what Colab needs from a Jupyter server: the settings files for
// the container, and the check, which sends the same requests as Colab's page.
//
// Package colab does not copy files into a container or start it: it knows no
// engine and no desktop. The settings files are Python, as Jupyter's are. Notebook 6
// and Jupyter Server 2 both find them. Kernels do not see them.
package colab
