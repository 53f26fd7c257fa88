import Foundation

/// Where the files that come with Agon are: configs, classifiers, tables, manifests of datasets.
public enum ProjectFiles {
    /// The places of a file or folder of the project, such as `Configs/tables`, nearest first: in the working folder or a
    /// folder above it, above the program, where `make install` puts it, above the sources.
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

    /// The path of a config that the user named: the path itself if there is such a file or run, else that of the config
    /// that comes with Agon, by its path (`Configs/gan/mlp.json`) or by its short name in a folder (`gan/mlp`). A name
    /// without a file is returned unchanged.
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
}
