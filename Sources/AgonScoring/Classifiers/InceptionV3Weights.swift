import AgonLayers
import AgonRuns
import AgonTensors
import AgonTraining

/// A file of InceptionV3 weights, in torchvision's names and layouts; those of the auxiliary classifier are ignored.
struct InceptionV3Weights: Sendable {
    let path: String
    /// Outputs of the last layer: 1000 for torchvision's weights, 1008 for those of the published distances.
    let classes: Int

    /// Opens a file and checks that it contains the weights, without reading them.
    ///
    /// Throws `RunError.badWeights`, `TensorsError`.
    init(path: String) throws {
        let file = try SafetensorsFile(path: path)
        guard file.contains("fc.weight") else {
            throw RunError.badWeights(
                path: path,
                problem: "no array is named 'fc.weight'; expected the names of torchvision's inception_v3")
        }
        let shape = try file.entry("fc.weight").shape
        guard shape.rank == 2, shape[0] >= 2, shape[1] == InceptionV3.featureCount else {
            throw RunError.badWeights(
                path: path, problem: "'fc.weight' is \(shape), expected [classes, \(InceptionV3.featureCount)]")
        }
        self.path = path
        classes = shape[0]
        let (trunk, head) = try InceptionV3(classes: classes).networks()
        for variable in trunk.variables + head.variables {
            try InitialWeights.check(variable, named: InceptionV3.fileName(of: variable), in: file)
        }
    }

    /// The networks with the weights, for images of a size.
    ///
    /// Throws `LayerError`, `RunError.badWeights`, `TensorsError`.
    func networks(
        height: Int = InceptionV3.side, width: Int = InceptionV3.side
    ) throws -> (trunk: Network, head: Network) {
        let networks = try InceptionV3(classes: classes).networks(height: height, width: width)
        try InitialWeights.load(
            path, into: networks.trunk.variables + networks.head.variables, named: InceptionV3.fileName)
        return networks
    }
}
