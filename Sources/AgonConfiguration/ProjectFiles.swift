import Foundation

/// Where the files that come with Agon are: configs, classifiers, tables, manifests of datasets, scripts.
public enum ProjectFiles {
    /// The places of a file or folder of the project, such as `Configs/tables`, nearest first: in the working folder or
    /// a folder above it, above the program, where `make install` puts it, above the sources.
    ///
    /// - Parameter isWanted: whether a place with the name is taken; default: if it exists.
    public static func places(
        of name: String, workingFolder: String = FileManager.default.currentDirectoryPath,
        where isWanted: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
    ) -> [String] {
        let program = FilePath.parent(
            of: ((Bundle.main.executablePath ?? "") as NSString).resolvingSymlinksInPath)
        let chains = [
            FilePath.ancestry(of: workingFolder), FilePath.ancestry(of: program),
            [FilePath.parent(of: program) + "/share/agon"],
            // A copied program still finds the checkout that it was built in.
            FilePath.ancestry(of: FilePath.parent(of: #filePath)),
        ]
        var found: [String] = []
        for chain in chains {
            let candidates = chain.map { ($0 as NSString).appendingPathComponent(name) }
            if let place = candidates.first(where: isWanted), !found.contains(place) { found.append(place) }
        }
        return found
    }

    /// The path of a config that the user named: the path itself if there is such a file or run, else that of the
    /// config that comes with Agon, by its path (`Configs/gan/mlp.json`) or by its short name in a folder (`gan/mlp`).
    /// A name without a file is returned unchanged.
    ///
    /// - Parameter folder: such as `Configs` or `Configs/sweeps`.
    public static func config(
        _ name: String, in folder: String, workingFolder: String = FileManager.default.currentDirectoryPath
    ) -> String {
        let isFile = { (path: String) in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
        }
        guard !name.isEmpty, !name.hasPrefix("/"), !isFile(name), !isFile(name + "/config.json") else { return name }
        for candidate in [name, "\(folder)/\(name).json", "\(folder)/\(name)"] {
            // Relative while that works, as users read it in messages.
            if candidate != name, isFile(workingFolder + "/" + candidate) { return candidate }
            if let place = places(of: candidate, workingFolder: workingFolder, where: isFile).first { return place }
        }
        return name
    }

    /// The short names of the configs in a folder, sorted: `gan/mlp`. Folders in it whose configs are not experiments,
    /// and JSON Schemas, are left out.
    public static func configNames(
        in folder: String, workingFolder: String = FileManager.default.currentDirectoryPath
    ) -> [String] {
        var names: Set<String> = []
        for place in places(of: folder, workingFolder: workingFolder) {
            for path in (try? FileManager.default.subpathsOfDirectory(atPath: place)) ?? [] {
                guard path.hasSuffix(".json"), !path.hasSuffix("schema.json"), !path.hasPrefix("."),
                    !otherFolders.contains(where: { path.hasPrefix($0 + "/") })
                else { continue }
                names.insert(String(path.dropLast(5)))
            }
        }
        return names.sorted()
    }

    /// The names of the JSON files in folders, without their ending, sorted. JSON Schemas are left out.
    package static func jsonNames(in folders: [String]) -> [String] {
        let files = folders.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
        let names = files.filter { $0.hasSuffix(".json") && $0 != "schema.json" && !$0.hasPrefix(".") }
        return Set(names.map { String($0.dropLast(5)) }).sorted()
    }

    /// What `Configs` contains besides experiments: what they extend, and configs of other kinds.
    private static let otherFolders = ["base", "classifiers", "sweeps", "tables"]

    /// The path of a config as `config(_:in:)` finds it.
    ///
    /// - Parameters:
    ///   - noun: what the folder contains, such as `config` or `sweep`.
    ///   - listing: the command that lists the names.
    ///
    /// Throws `ConfigError.unknownFile` with the nearest name, if there is neither such a file nor such a name.
    public static func existingConfig(
        _ name: String, in folder: String, noun: String, listing: String,
        workingFolder: String = FileManager.default.currentDirectoryPath
    ) throws -> String {
        let path = config(name, in: folder, workingFolder: workingFolder)
        // An absolute path is not a short name; the reader reports what is wrong with it.
        guard path == name, !name.isEmpty, !name.hasPrefix("/"), !FileManager.default.fileExists(atPath: path) else {
            return path
        }
        throw ConfigError.unknownFile(
            name: name, noun: noun,
            nearest: nearestConfig(to: name, in: folder, names: configNames(in: folder, workingFolder: workingFolder)),
            listing: listing)
    }

    /// The short name that is most likely meant: the nearest one, or the first whose last part is the name or nearest
    /// to it.
    static func nearestConfig(to name: String, in folder: String, names: [String]) -> String? {
        var stem = name[...]
        if stem.hasPrefix(folder + "/") { stem = stem.dropFirst(folder.count + 1) }
        if stem.hasSuffix(".json") { stem = stem.dropLast(5) }
        if let nearest = nearestName(to: String(stem), in: names) { return nearest }
        guard !stem.contains("/") else { return nil }
        func last(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }
        let ends = names.map(last)
        let end = ends.contains(String(stem)) ? String(stem) : nearestName(to: String(stem), in: ends)
        return end.flatMap { end in names.first { last($0) == end } }
    }
}
