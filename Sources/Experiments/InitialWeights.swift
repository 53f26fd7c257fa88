import Configuration
import Graph
import Tensors

/// First values of networks from a safetensors file with PyTorch's names and layouts, such as a checkpoint.
enum InitialWeights {
    /// Gives the variables the values of the file; arrays that no variable is called like are left.
    ///
    /// Throws `ExperimentsError.badWeights` for a variable that is missing or of another shape, `TensorsError`.
    static func load(_ path: String, into variables: [Variable]) throws {
        let file = try SafetensorsFile(path: path)
        for variable in variables {
            guard file.contains(variable.name) else {
                let nearest = nearestName(to: variable.name, in: file.entries.map(\.name))
                throw ExperimentsError.badWeights(
                    path: path,
                    problem: "no array is called '\(variable.name)'"
                        + (nearest.map { "; the nearest is '\($0)'" } ?? ""))
            }
            let tensor = try file.tensor(variable.name)
            guard variable.importing(tensor) else {
                throw ExperimentsError.badWeights(
                    path: path, problem: "'\(variable.name)' is \(tensor.shape), expected \(variable.exchangeShape)")
            }
        }
    }
}
