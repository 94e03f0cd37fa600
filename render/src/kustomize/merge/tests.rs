//! Cases recorded from `kustomize build` 5.8.1.
