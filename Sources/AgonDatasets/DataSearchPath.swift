import AgonConfiguration
import AgonTensors
import Foundation

/// Where data and manifests are looked for, first to last: the folder given by `--data`, the one in `AGON_DATA`, the
/// project's `Datasets`, system folders.
public struct DataSearchPath: Sendable {
    /// A folder with a subfolder for each dataset.
    public struct Root: Hashable, Sendable {
        /// What the folder itself may be taken for, besides its subfolders that bear a set's name.
        public enum Standing: Hashable, Sendable {
            /// Nothing: it is a collection.
            case collection
            /// The set, if the contents are those recorded: names of files tell nothing, since many sets use MNIST's.
            case environment
            /// The set, as the user says so, unless the contents are known to be others.
            case given
            /// The one set, by `dataset.path`.
            case set
        }

        public let path: String
        public let standing: Standing

        public init(path: String, standing: Standing) {
            self.path = path
            self.standing = standing
        }

        /// - Parameter mayBeTheSet: whether it may also be the folder of the one dataset wanted, as users name either.
        public init(path: String, mayBeTheSet: Bool) {
            self.init(path: path, standing: mayBeTheSet ? .given : .collection)
        }
    }

    public let roots: [Root]
    /// Folders that may hold manifests, `NAME.json`.
    public let manifestFolders: [String]
    /// Where fetched data go, in a subfolder for each dataset.
    public let fetchFolder: String
    /// Where what was found out about files is kept, and archives are unpacked; nil: nowhere, and in a temporary folder.
    public let cacheFolder: String?

    public init(roots: [Root], manifestFolders: [String], fetchFolder: String, cacheFolder: String? = nil) {
        self.roots = roots
        self.cacheFolder = cacheFolder
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
        let given =
            [dataFolder.map { Root(path: DatasetArchive.expanded($0), standing: .given) }]
            + [fromEnvironment.map { Root(path: DatasetArchive.expanded($0), standing: .environment) }]
        let named = given.compactMap { $0 }
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
            roots: named + (projects.prefix(1) + systemFolders).map { Root(path: $0, standing: .collection) },
            manifestFolders: projects.isEmpty ? [workingFolder + "/Datasets"] : projects,
            fetchFolder: named.first?.path ?? projects.first ?? workingFolder + "/Datasets",
            cacheFolder: CacheFolder.path("datasets", environment: environment))
    }

    /// The nearest `Datasets` with manifests in a folder or above it.
    private static func projectFolder(above start: String) -> String? {
        FilePath.ancestry(of: start).map { ($0 as NSString).appendingPathComponent("Datasets") }.first { candidate in
            let entries = (try? FileManager.default.contentsOfDirectory(atPath: candidate)) ?? []
            return entries.contains { $0.hasSuffix(".json") }
        }
    }

    /// The same, but for one set that lies in `folder`.
    func only(_ folder: String) -> DataSearchPath {
        DataSearchPath(
            roots: [Root(path: folder, standing: .set)], manifestFolders: manifestFolders, fetchFolder: fetchFolder,
            cacheFolder: cacheFolder)
    }

    /// A folder in which a dataset may lie.
    struct Candidate {
        let folder: String
        let standing: Root.Standing
        /// Whether the folder bears the set's name, or is the one that a config names.
        let isNamed: Bool
    }

    /// The folders in which dataset `name` may lie, under any spelling of it.
    func candidates(for name: String) -> [Candidate] {
        roots.flatMap { root in
            let named = DatasetFiles.folders(of: name, in: root.path).map {
                Candidate(folder: $0, standing: root.standing, isNamed: true)
            }
            guard root.standing != .collection else { return named }
            let isNamed = root.standing == .set || DatasetFiles.isNamed(root.path, as: name)
            return named
                + [root.path, root.path + "/raw"].map {
                    Candidate(folder: $0, standing: root.standing, isNamed: isNamed)
                }
        }
    }

    /// The folders that a message says were looked in.
    func folders(for name: String) -> [String] {
        roots.flatMap { [$0.path + "/" + name] + ($0.standing == .collection ? [] : [$0.path]) }
    }
}
