import AgonConfiguration
import AgonGraph
import AgonRuns
import AgonTensors
import Foundation

/// First values of networks from a safetensors file with PyTorch's names and layouts, such as a checkpoint.
package enum InitialWeights {
    /// Gives the variables the values of the file; arrays that no variable is called like are left.
    ///
    /// - Parameters:
    ///   - renaming: how names in the file begin, and how they begin here: `module.` becomes nothing, say. The first that
    ///     fits a name is applied.
    ///   - fileName: what a variable is called in the file; its own name, renamed, unless stated.
    ///
    /// Throws `RunError.badWeights` for a variable that is missing or of another shape and for PyTorch's own files,
    /// `TensorsError`.
    package static func load(
        _ path: String, into variables: [Variable], renaming: [NamePrefix] = [],
        named given: ((Variable) -> String)? = nil
    ) throws {
        try refusePyTorchFiles(path)
        let file = try SafetensorsFile(path: path)
        var names: [String: String] = [:]
        for entry in file.entries {
            let own = NamePrefix.renamed(entry.name, by: renaming)
            if let other = names.updateValue(entry.name, forKey: own) {
                throw RunError.badWeights(
                    path: path, problem: "'\(other)' and '\(entry.name)' are both '\(own)' after --rename")
            }
        }
        if given == nil, let first = variables.first, !variables.contains(where: { names[$0.name] != nil }) {
            let shown = file.entries.map(\.name).sorted().prefix(6).joined(separator: ", ")
            throw RunError.badWeights(
                path: path,
                problem: "none of its arrays is called like a weight here, such as '\(first.name)'; it has "
                    + (file.entries.isEmpty
                        ? "none"
                        : shown + (file.entries.count > 6 ? " and \(file.entries.count - 6) more" : "")
                            + ". --rename OLD=NEW replaces how names begin"))
        }
        let fileName = given ?? { names[$0.name] ?? $0.name }
        for variable in variables {
            let name = fileName(variable)
            try check(variable, named: name, in: file)
            let fits = variable.importing(try file.tensor(name))
            precondition(fits, "'\(name)' was found to have the shape of \(variable.name)")
        }
    }

    /// Throws `RunError.badWeights` for what `torch.save` writes: a zip, or a pickle before PyTorch 1.6.
    private static func refusePyTorchFiles(_ path: String) throws {
        // A file that cannot be read is reported by its reader.
        guard let file = FileHandle(forReadingAtPath: path), let start = try? file.read(upToCount: 8), start.count == 8
        else { return }
        let bytes = [UInt8](start)
        // Safetensors begin with the length of a header as 64 bits, whose upper half is 0.
        guard bytes[4...].contains(where: { $0 != 0 }) else { return }
        let form: String
        if bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
            form = "a zip, as torch.save writes it"
        } else if bytes[0] == 0x80, (2...5).contains(bytes[1]) {
            form = "a pickle, as torch.save wrote it before PyTorch 1.6"
        } else {
            return
        }
        throw RunError.badWeights(
            path: path,
            problem: "it is \(form); reading it can run code. Convert it with PyTorch: "
                + "python3 scripts/convert-weights FILE OUT.safetensors")
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
