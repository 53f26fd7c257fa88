import AgonTensors
import Foundation

/// Where data and manifests are looked for, first to last: the folder given by `--data`, the one in `AGON_DATA`, the
/// project's `Datasets`, system folders.
public struct DataSearchPath: Sendable {
    /// A folder with a subfolder for each dataset.
    public struct Root: Hashable, Sendable {
        public let path: String
        /// Whether it may also be the folder of the one dataset wanted, as users name either.
        public let mayBeTheSet: Bool

        public init(path: String, mayBeTheSet: Bool) {
            self.path = path
            self.mayBeTheSet = mayBeTheSet
        }
    }

    public let roots: [Root]
    /// Folders that may hold manifests, `NAME.json`.
    public let manifestFolders: [String]
    /// Where fetched data go, in a subfolder for each dataset.
    public let fetchFolder: String

    public init(roots: [Root], manifestFolders: [String], fetchFolder: String) {
        self.roots = roots
        self.manifestFolders = manifestFolders
        self.fetchFolder = fetchFolder
    }

    /// The search order described above.
    ///
    /// - Parameter dataFolder: what the user gave by `--data`.
    public static func standard(
        dataFolder: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
        workingFolder: String = FileManager.default.currentDirectoryPath,
        systemFolders: [String] = ["/usr/local/share/datasets", "/usr/share/datasets"]
    ) -> DataSearchPath {
        let fromEnvironment = environment["AGON_DATA"].flatMap { $0.isEmpty ? nil : $0 }
        let given = [dataFolder, fromEnvironment].compactMap { $0 }
        // A copied binary still finds the checkout that it was built in.
        let executable = (Bundle.main.executablePath ?? "") as NSString
        let starts = [
            workingFolder, FilePath.parent(of: executable.resolvingSymlinksInPath),
            FilePath.parent(of: #filePath),
        ]
        var projects: [String] = []
        for start in starts {
            if let found = projectFolder(above: start), !projects.contains(found) { projects.append(found) }
        }
        return DataSearchPath(
            roots: given.map { Root(path: $0, mayBeTheSet: true) }
                + (projects.prefix(1) + systemFolders).map { Root(path: $0, mayBeTheSet: false) },
            manifestFolders: projects.isEmpty ? [workingFolder + "/Datasets"] : projects,
            fetchFolder: given.first ?? projects.first ?? workingFolder + "/Datasets")
    }

    /// The nearest `Datasets` with manifests in a folder or above it.
    private static func projectFolder(above start: String) -> String? {
        FilePath.ancestry(of: start).map { ($0 as NSString).appendingPathComponent("Datasets") }.first { candidate in
            let entries = (try? FileManager.default.contentsOfDirectory(atPath: candidate)) ?? []
            return entries.contains { $0.hasSuffix(".json") }
        }
    }

    /// The folders in which dataset `name` may lie.
    func candidates(for name: String) -> [(folder: String, isNamed: Bool)] {
        roots.flatMap { root in
            let named = (folder: root.path + "/" + name, isNamed: true)
            guard root.mayBeTheSet else { return [named] }
            return [named, (folder: root.path, isNamed: (root.path as NSString).lastPathComponent == name)]
        }
    }
}
