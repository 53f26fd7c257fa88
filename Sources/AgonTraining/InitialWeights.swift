import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonRuns
import AgonTensors
import AgonText
import Foundation

/// Loads initial weights of networks from a safetensors file with PyTorch's names and layouts, such as a checkpoint.
package enum InitialWeights {
    /// Sets the weights of networks. A network of which the file has no array keeps its own, as many files hold only a
    /// generator.
    ///
    /// - Returns: notes on such networks, with the arrays of their shapes, which may be theirs under other names, and on
    ///   arrays that belong to no network.
    ///
    /// Throws what `load(_:into:renaming:named:)` throws; `RunError.badWeights` if the file has no network.
    static func load(_ path: String, into networks: [Network], renaming: [NamePrefix]) throws -> [String] {
        try refusePyTorchFiles(path)
        let names = Set(
            try SafetensorsFile(path: path).entries.map { plainName(NamePrefix.renamed($0.name, by: renaming)) })
        let isAbsent = { (network: Network) in
            !network.variables.isEmpty && !network.variables.contains { names.contains($0.name) }
        }
        let absent = networks.allSatisfy(isAbsent) ? [] : networks.filter(isAbsent).map(\.name)
        let loaded = networks.filter { !absent.contains($0.name) }.flatMap(\.variables)
        let others = try load(path, into: loaded, renaming: renaming)
        var notes = [note(onOthers: others, in: path)].compactMap { $0 }
        guard !absent.isEmpty else { return notes }
        let keeps = absent.count == 1 ? "keeps its" : "keep their"
        notes.append("\(path): has no weights of \(absent.joined(separator: ", ")), which \(keeps) own initial weights")
        let file = try SafetensorsFile(path: path)
        let lookalikes = networks.filter { absent.contains($0.name) }.compactMap { lookalike(of: $0, in: others, file) }
        return notes + lookalikes.map { "\(path): \($0)" }
    }

    /// What is said of arrays that have all shapes of an absent network; nil if there are none.
    private static func lookalike(of network: Network, in names: [String], _ file: SafetensorsFile) -> String? {
        let shapes = Dictionary(
            names.filter(isOfNetwork).compactMap { name in (try? file.entry(name)).map { ($0.shape, [name]) } },
            uniquingKeysWith: +)
        guard let first = network.variables.first, network.variables.allSatisfy({ shapes[$0.pyTorchShape] != nil })
        else { return nil }
        let own = first.name.split(separator: ".", maxSplits: 1)
        let found = shapes[first.pyTorchShape] ?? []
        // The rest of the name after a prefix.
        let alike = found.first { own.count == 2 && $0.hasSuffix("." + own[1]) }
        var text = "'\(alike ?? found[0])' and other arrays have the shapes of \(network.name)"
        if let alike {
            text += ", which takes them by --rename \(alike.dropLast(own[1].count))=\(own[0])."
        }
        return text
    }

    /// Whether an array may be of a network that is trained: not of averages or what else a checkpoint holds.
    private static func isOfNetwork(_ name: String) -> Bool {
        !["average", "past.", "optimizer"].contains { name.hasPrefix($0) }
    }

    /// Sets the variables to the values of the file.
    ///
    /// - Parameters:
    ///   - renaming: prefixes of names in the file and their replacements, such as an empty prefix for `module.`. The
    ///     first prefix that matches a name is replaced.
    ///   - given: maps a variable to its name in the file; nil to match the variable's name after renaming.
    ///
    /// - Returns: the names of arrays without a matching variable, except counters of batch norms.
    ///
    /// Throws `RunError.badWeights` for a variable that is missing or has another shape, for values that are not
    /// finite, for a prefix that no name has and for files of `torch.save`, `TensorsError`.
    @discardableResult
    package static func load(
        _ path: String, into variables: [Variable], renaming: [NamePrefix] = [],
        named given: ((Variable) -> String)? = nil
    ) throws -> [String] {
        try refusePyTorchFiles(path)
        let file = try SafetensorsFile(path: path)
        if let prefix = renaming.first(where: { prefix in !file.entries.contains { $0.name.hasPrefix(prefix.file) } }) {
            throw RunError.badWeights(
                path: path,
                problem:
                    "no array's name begins with '\(prefix.file)', so '\(prefix.file)=\(prefix.own)' of initialNames "
                    + "(--rename) has no effect; arrays: \(shown(file))")
        }
        var names: [String: String] = [:]
        for entry in file.entries {
            let own = plainName(NamePrefix.renamed(entry.name, by: renaming))
            if let other = names.updateValue(entry.name, forKey: own) {
                throw RunError.badWeights(
                    path: path,
                    problem: "'\(other)' and '\(entry.name)' both become '\(own)' by initialNames (--rename)")
            }
        }
        if given == nil, let first = variables.first, !variables.contains(where: { names[$0.name] != nil }) {
            throw RunError.badWeights(
                path: path,
                problem: "no array has the name of a weight of the networks, such as '\(first.name)'; arrays: "
                    + shown(file) + (file.entries.isEmpty ? "" : ". --rename OLD=NEW replaces a prefix of the names"))
        }
        let fileName = given ?? { names[$0.name] ?? $0.name }
        for variable in variables {
            let name = fileName(variable)
            try check(variable, named: name, in: file)
            let tensor = try file.tensor(name)
            if let bad = tensor.values.first(where: { !$0.isFinite }) {
                throw RunError.badWeights(
                    path: path, problem: "tensor '\(name)' holds \(bad.isNaN ? "NaN" : "infinity")")
            }
            let fits = variable.importing(tensor)
            precondition(fits, "'\(name)' must have the shape of \(variable.name)")
        }
        let taken = Set(variables.map(fileName))
        return file.entries.map(\.name).filter { !taken.contains($0) && !$0.hasSuffix(".num_batches_tracked") }.sorted()
    }

    /// The name that `torch.nn.utils.spectral_norm` and `weight_norm` give to an array that their successors in
    /// `torch.nn.utils.parametrizations` name otherwise. Other names stay.
    static func plainName(_ name: String) -> String {
        for (ending, plain) in [
            (".original", "_orig"), (".0._u", "_u"), (".original0", "_g"), (".original1", "_v"),
        ] {
            let path = ".parametrizations.weight" + ending
            if name.hasSuffix(path) { return name.dropLast(path.count) + ".weight" + plain }
        }
        return name
    }

    /// The note on arrays that no network has; nil if there are none.
    static func note(onOthers names: [String], in path: String) -> String? {
        guard !names.isEmpty else { return nil }
        return "\(path): ignored arrays that belong to no network: \(brief(names))"
    }

    private static func shown(_ file: SafetensorsFile) -> String { brief(file.entries.map(\.name).sorted()) }

    /// The first few names.
    private static func brief(_ names: [String]) -> String {
        guard !names.isEmpty else { return "none" }
        return names.prefix(6).joined(separator: ", ") + (names.count > 6 ? " and \(names.count - 6) more" : "")
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
            problem: "it is \(form); reading it can execute code. Convert it with PyTorch: \(conversion(of: path))")
    }

    /// The command that converts a file of PyTorch.
    private static func conversion(of path: String) -> String {
        let name = "scripts/convert-weights"
        // Relative while that works, as people read it.
        let isHere = FileManager.default.fileExists(atPath: name)
        let script = isHere ? name : ProjectFiles.places(of: name).first ?? name
        let stem = (path as NSString).deletingPathExtension
        let target = stem + (path.hasSuffix(".safetensors") ? "-converted" : "") + ".safetensors"
        return CommandText.shell("python3 \(script) \(path) \(target)")
    }

    /// Throws `RunError.badWeights` if the file has no array with the name, or if the array's shape differs from the
    /// variable's, `TensorsError.wrongType` for integers.
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
        let type = try file.entry(name).type
        guard type.isFloatingPoint else {
            throw TensorsError.wrongType(
                path: file.path, name: name, type: type.rawValue, wanted: "F32, F16, BF16 or F64")
        }
    }
}
