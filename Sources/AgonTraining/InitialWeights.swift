import AgonConfiguration
import AgonGraph
import AgonRuns
import AgonTensors

/// First values of networks from a safetensors file with PyTorch's names and layouts, such as a checkpoint.
package enum InitialWeights {
    /// Gives the variables the values of the file; arrays that no variable is called like are left.
    ///
    /// - Parameter fileName: what a variable is called in the file; its own name unless stated.
    ///
    /// Throws `RunError.badWeights` for a variable that is missing or of another shape, `TensorsError`.
    package static func load(
        _ path: String, into variables: [Variable], named fileName: (Variable) -> String = \.name
    ) throws {
        let file = try SafetensorsFile(path: path)
        for variable in variables {
            let name = fileName(variable)
            try check(variable, named: name, in: file)
            let fits = variable.importing(try file.tensor(name))
            precondition(fits, "'\(name)' was found to have the shape of \(variable.name)")
        }
    }

    /// Throws `RunError.badWeights` where a file has no array of a name, or one of another shape than a
    /// variable's.
    package static func check(_ variable: Variable, named name: String, in file: SafetensorsFile) throws {
        guard file.contains(name) else {
            let nearest = nearestName(to: name, in: file.entries.map(\.name))
            throw RunError.badWeights(
                path: file.path,
                problem: "no array is called '\(name)'" + (nearest.map { "; the nearest is '\($0)'" } ?? ""))
        }
        let shape = try file.entry(name).shape
        guard shape == variable.pyTorchShape else {
            throw RunError.badWeights(
                path: file.path, problem: "'\(name)' is \(shape), expected \(variable.pyTorchShape)")
        }
    }
}
