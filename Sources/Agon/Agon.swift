// Everything that a program needs to train GANs, sample and measure them: `import Agon`.
@_exported import AgonAdversarial
@_exported import AgonConfiguration
@_exported import AgonDatasets
@_exported import AgonDiagnostics
@_exported import AgonExperiments
@_exported import AgonGraph
@_exported import AgonLayers
@_exported import AgonMetrics
@_exported import AgonOptimizers
@_exported import AgonRuns
@_exported import AgonSampling
@_exported import AgonScoring
@_exported import AgonTensors
@_exported import AgonTraining
