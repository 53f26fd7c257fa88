import AgonConfiguration
import AgonGraph
import AgonRuns
import AgonTensors
import Foundation

/// Loads initial weights of networks from a safetensors file with PyTorch's names and layouts, such as a checkpoint.
package enum InitialWeights {
    /// Sets the variables to the values of the file. Arrays without a matching variable are ignored.
    ///
    /// - Parameters:
    ///   - renaming: prefixes of names in the file and their replacements, such as an empty prefix for `module.`. The
    ///     first prefix that matches a name is replaced.
    ///   - given: maps a variable to its name in the file; nil to match the variable's name after renaming.
    ///
    /// Throws `RunError.badWeights` for a variable that is missing or has another shape and for files of `torch.save`,
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
                    path: path, problem: "'\(other)' and '\(entry.name)' both become '\(own)' after --rename")
            }
        }
        if given == nil, let first = variables.first, !variables.contains(where: { names[$0.name] != nil }) {
            let shown = file.entries.map(\.name).sorted().prefix(6).joined(separator: ", ")
            throw RunError.badWeights(
                path: path,
                problem: "no array has the name of a weight of the networks, such as '\(first.name)'; arrays: "
                    + (file.entries.isEmpty
                        ? "none"
                        : shown + (file.entries.count > 6 ? " and \(file.entries.count - 6) more" : "")
                            + ". --rename OLD=NEW replaces a prefix of the names"))
        }
        let fileName = given ?? { names[$0.name] ?? $0.name }
        for variable in variables {
            let name = fileName(variable)
            try check(variable, named: name, in: file)
            let fits = variable.importing(try file.tensor(name))
            precondition(fits, "'\(name)' must have the shape of \(variable.name)")
        }
    }

    /// Throws `RunError.badWeights` for files of `torch.save`: a zip, or a pickle before PyTorch 1.6.
    private static func refusePyTorchFiles(_ path: String) throws {
        // The reader of the file reports files that cannot be read.
        guard let file = FileHandle(forReadingAtPath: path), let start = try? file.read(upToCount: 8), start.count == 8
        else { return }
        let bytes = [UInt8](start)
        // Safetensors files begin with the header length as a 64-bit number, whose upper half is 0.
        guard bytes[4...].contains(where: { $0 != 0 }) else { return }
        let form: String
        if bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
            form = "a zip file written by torch.save"
        } else if bytes[0] == 0x80, (2...5).contains(bytes[1]) {
            form = "a pickle written by torch.save before PyTorch 1.6"
        } else {
            return
        }
        throw RunError.badWeights(
            path: path,
            problem: "it is \(form); reading it can execute code. Convert it with PyTorch: "
                + "python3 scripts/convert-weights FILE OUT.safetensors")
    }

    /// Throws `RunError.badWeights` if the file has no array with the name, or if the array's shape differs from the
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
