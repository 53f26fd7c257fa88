import AgonConfiguration
import AgonTestFiles
import Foundation
import Testing

@testable import AgonDatasets

/// A project with one manifest `tiny` of two IDX files, and a folder `mirror` that holds them.
final class TinyProject {
    let folder: TemporaryFolder
    let images = idx([4, 2, 2], Array(0..<16))
    let labels = idx([4], [0, 1, 0, 1])
    var path: String { folder.path }
    var datasets: String { folder.path + "/Datasets" }

    init(sources: [String]? = nil) throws {
        folder = try TemporaryFolder()
        try folder.write(images, to: "mirror/images")
        try folder.write(labels, to: "mirror/labels")
        func file(_ name: String, _ bytes: [UInt8]) -> String {
            return #"{"name": "\#(name)", "size": \#(bytes.count), "sha256": "\#(SHA256.hex(of: bytes))"}"#
        }
        let addresses = (sources ?? ["file://" + folder.path + "/mirror"]).map { "\"\($0)\"" }
        try folder.write(
            """
            {"name": "tiny", "title": "Tiny", "homepage": "https://example.org", "licence": "MIT", "citation": "None.",
             "classes": ["even", "odd"],
             "forms": [{"format": "idx", "train": {"images": ["images"], "labels": "labels"},
                        "files": [\(file("images", images)), \(file("labels", labels))],
                        "sources": [\(addresses.joined(separator: ", "))]}]}
            """, to: "Datasets/tiny.json")
    }

    var searchPath: DataSearchPath {
        DataSearchPath(
            roots: [DataSearchPath.Root(path: datasets, mayBeTheSet: false)], manifestFolders: [datasets],
            fetchFolder: datasets)
    }

    func fetcher() throws -> DatasetFetcher {
        let catalogue = DatasetCatalogue(searchPath: searchPath)
        return DatasetFetcher(manifest: try catalogue.manifest(named: "tiny"), into: datasets)
    }

    /// What the datasets' folder holds besides the manifest.
    var fetched: [String] { folder.files.filter { $0.hasPrefix("Datasets/") && $0 != "Datasets/tiny.json" } }
}

@Suite struct DatasetFetcherTests {
    private static let whole = ["Datasets/tiny", "Datasets/tiny/images", "Datasets/tiny/labels"]
    @Test func addressIsFetchedOnce() throws {
        let project = try TinyProject()
        let target = project.datasets + "/tiny"
        #expect(try project.fetcher().fetch() == DatasetFetcher.Outcome(path: target, wasPresent: false))
        #expect(project.fetched == Self.whole)
        #expect(try bytes(of: target + "/images") == project.images)
        #expect(try project.fetcher().fetch() == DatasetFetcher.Outcome(path: target, wasPresent: true))
    }

    /// A folder may hold a file packed and unpacked, one of them damaged.
    @Test(arguments: [true, false]) func theSoundOneOfTwoCopiesIsTaken(isPackedDamaged: Bool) throws {
        let folder = try TemporaryFolder()
        let plain = idx([2, 2, 2], Array(0..<8))
        let name = "images"
        let damaged = isPackedDamaged ? 1 : 0
        for (index, (file, bytes)) in [(name, plain), (name + ".gz", gzip(plain))].enumerated() {
            try folder.write(index == damaged ? Array(bytes.dropLast(5)) : bytes, to: "copies/" + file)
        }
        let labels = idx([2], [0, 1])
        try folder.write(labels, to: "copies/labels")
        try folder.write(
            """
            {"name": "tiny", "title": "Tiny", "homepage": "https://example.org", "licence": "MIT", "citation": "None.",
             "classes": ["even", "odd"],
             "forms": [{"format": "idx", "train": {"images": ["\(name)"], "labels": "labels"},
                        "files": [{"name": "\(name).gz", "packing": "gzip", "size": \(plain.count),
                                   "sha256": "\(SHA256.hex(of: plain))"},
                                  {"name": "labels", "size": \(labels.count), "sha256": "\(SHA256.hex(of: labels))"}],
                        "sources": ["file:///none"]}]}
            """, to: "Datasets/tiny.json")
        let datasets = folder.path + "/Datasets"
        let catalogue = DatasetCatalogue(
            searchPath: DataSearchPath(
                roots: [DataSearchPath.Root(path: datasets, mayBeTheSet: false)], manifestFolders: [datasets],
                fetchFolder: datasets))
        let fetcher = DatasetFetcher(manifest: try catalogue.manifest(named: "tiny"), into: datasets)
        #expect(try !fetcher.fetch(from: folder.path + "/copies").wasPresent)
        #expect(try fetcher.fetch().wasPresent)
    }

    @Test func brokenDownloadIsContinued() throws {
        let project = try TinyProject()
        // What is there already differs from the source's beginning only if it was downloaded again.
        try project.folder.write(Array(project.images[..<10]), to: "Datasets/tiny.partial/images.part")
        try project.folder.write([UInt8](repeating: 99, count: 10) + project.images[10...], to: "mirror/images")
        _ = try project.fetcher().fetch()
        #expect(try bytes(of: project.datasets + "/tiny/images") == project.images)
        #expect(project.fetched == Self.whole)
    }

    @Test(arguments: [10, 500])
    func foreignBeginningIsThrownAway(count: Int) throws {
        let project = try TinyProject()
        try project.folder.write([UInt8](repeating: 99, count: count), to: "Datasets/tiny.partial/images.part")
        _ = try project.fetcher().fetch()
        #expect(try bytes(of: project.datasets + "/tiny/images") == project.images)
    }

    @Test func wrongContentsAreRefused() throws {
        let project = try TinyProject()
        var damaged = project.images
        damaged[20] ^= 1
        try project.folder.write(damaged, to: "mirror/images")
        let text = message { _ = try project.fetcher().fetch() }
        #expect(text.hasPrefix("images: wrong contents, SHA-256 "), "\(text)")
        #expect(project.fetched == ["Datasets/tiny.partial", "Datasets/tiny.partial/contents"])
        try project.folder.write(damaged + [1], to: "mirror/images")
        #expect(throws: DatasetError.wrongSize(path: "images", expected: 32, found: 33)) {
            _ = try project.fetcher().fetch()
        }
        // The sound file then completes what was begun.
        try project.folder.write(project.images, to: "mirror/images")
        _ = try project.fetcher().fetch()
        #expect(project.fetched == Self.whole)
    }

    @Test func nextSourceIsTried() throws {
        let project = try TinyProject(sources: ["file:///nowhere/at/all", "file://MIRROR"])
        #expect(message { _ = try project.fetcher().fetch() }.contains("dataset 'tiny' could not be fetched: "))
        let manifest = project.datasets + "/tiny.json"
        let text = String(decoding: try bytes(of: manifest), as: UTF8.self)
        try project.folder.write(
            text.replacingOccurrences(of: "MIRROR", with: project.path + "/mirror"), to: "Datasets/tiny.json")
        _ = try project.fetcher().fetch()
        #expect(project.fetched == Self.whole)
    }

    @Test func folderIsCopiedAndChecked() throws {
        let project = try TinyProject(sources: [])
        #expect(message { _ = try project.fetcher().fetch() }.contains("agon datasets fetch tiny --from DIR"))
        #expect(
            throws: DatasetError.notInFolder(name: "tiny", folder: project.datasets, files: ["images", "labels"])
        ) {
            _ = try project.fetcher().fetch(from: project.datasets)
        }
        var damaged = project.labels
        damaged[9] = 3
        try project.folder.write(damaged, to: "mirror/labels")
        #expect(message { _ = try project.fetcher().fetch(from: project.path + "/mirror") }.contains("wrong contents"))
        #expect(!FileManager.default.fileExists(atPath: project.datasets + "/tiny"))
        try project.folder.write(project.labels, to: "mirror/labels")
        _ = try project.fetcher().fetch(from: project.path + "/mirror")
        #expect(project.fetched == Self.whole)
    }

    @Test func damagedSetIsReplaced() throws {
        let project = try TinyProject()
        try project.folder.write(project.images, to: "Datasets/tiny/images")
        try project.folder.write("no labels", to: "Datasets/tiny/labels")
        let outcome = try project.fetcher().fetch(from: project.path + "/mirror")
        #expect(!outcome.wasPresent)
        let former = ["Datasets/tiny.former", "Datasets/tiny.former/images", "Datasets/tiny.former/labels"]
        #expect(Set(project.fetched) == Set(Self.whole + former))
        #expect(try bytes(of: project.datasets + "/tiny/labels") == project.labels)
        // They may be the user's own.
        #expect(try bytes(of: project.datasets + "/tiny.former/labels") == Array("no labels".utf8))
    }

    @Test func soundSetElsewhereIsNotFetched() throws {
        let project = try TinyProject()
        try project.folder.write(project.images, to: "system/tiny/images")
        try project.folder.write(project.labels, to: "system/tiny/labels")
        let path = DataSearchPath(
            roots: project.searchPath.roots
                + [DataSearchPath.Root(path: project.path + "/system", mayBeTheSet: false)],
            manifestFolders: [project.datasets], fetchFolder: project.datasets)
        let catalogue = DatasetCatalogue(searchPath: path)
        let found = DatasetFetcher.Outcome(path: project.path + "/system/tiny", wasPresent: true)
        #expect(try catalogue.fetch("tiny") == found)
        #expect(project.fetched == [])
        try project.folder.write("damage", to: "system/tiny/labels")
        let fetched = try catalogue.fetch("tiny", from: project.path + "/mirror")
        #expect(fetched == DatasetFetcher.Outcome(path: project.datasets + "/tiny", wasPresent: false))
    }

    @Test func soundSetElsewhereIsCopiedIntoAGivenFolder() throws {
        let project = try TinyProject(sources: [])
        try project.folder.write(project.images, to: "system/tiny/images")
        try project.folder.write(project.labels, to: "system/tiny/labels")
        let mine = project.path + "/mine"
        let path = DataSearchPath(
            roots: [
                DataSearchPath.Root(path: mine, mayBeTheSet: true),
                DataSearchPath.Root(path: project.path + "/system", mayBeTheSet: false),
            ], manifestFolders: [project.datasets], fetchFolder: mine)
        let catalogue = DatasetCatalogue(searchPath: path)
        let there = DatasetFetcher.Outcome(path: mine + "/tiny", wasPresent: false)
        #expect(try catalogue.fetch("tiny") == there)
        #expect(try bytes(of: mine + "/tiny/images") == project.images)
        #expect(try catalogue.fetch("tiny") == DatasetFetcher.Outcome(path: mine + "/tiny", wasPresent: true))
    }

    /// As Kaggle's copies have them.
    @Test func filesInFoldersOfTheirNamesAreTaken() throws {
        let project = try TinyProject(sources: [])
        try project.folder.write(project.images, to: "kaggle/images/images")
        try project.folder.write(project.labels, to: "kaggle/labels/labels")
        _ = try project.fetcher().fetch(from: project.path + "/kaggle")
        #expect(project.fetched == Self.whole)
        #expect(try bytes(of: project.datasets + "/tiny/images") == project.images)
    }

    @Test func secondFetchAtOnceIsRefused() throws {
        let project = try TinyProject()
        let staging = project.datasets + "/tiny.partial"
        try FileManager.default.createDirectory(atPath: staging, withIntermediateDirectories: true)
        let lock = open(staging, O_RDONLY)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX) == 0)
        #expect(throws: DatasetError.fetchRunning(path: staging)) {
            _ = try project.fetcher().fetch(from: project.path + "/mirror")
        }
    }

    @Test func archiveBecomesTheSetWithARecord() throws {
        let folder = try TemporaryFolder()
        let image = try bytes(of: try folder.writeImage("source.png", value: 5))
        let evil = tar([TarEntry(name: "x/a.png", contents: image), TarEntry(name: "../evil", contents: [1])])
        let good = tar([
            TarEntry(name: "x/a.png", contents: image), TarEntry(name: "y/b.png", contents: image),
        ])
        func manifest(_ archive: [UInt8]) throws -> DatasetManifest {
            try folder.write(archive, to: "mirror/set.tar")
            return try DatasetManifest.load(
                path: try folder.write(
                    """
                    {"name": "set", "title": "Set", "homepage": "h", "licence": "l", "citation": "c",
                     "forms": [{"format": "folder", "train": {"images": ["."]}, "sources": [],
                                "files": [{"name": "set.tar", "packing": "archive", "size": \(archive.count),
                                           "sha256": "\(SHA256.hex(of: archive))"}]}]}
                    """, to: "set.json"))
        }
        let refused = DatasetFetcher(manifest: try manifest(evil), into: folder.path)
        let text = message { _ = try refused.fetch(from: folder.path + "/mirror") }
        #expect(text.contains("entry '../evil' leaves its folder; nothing was extracted"), "\(text)")
        #expect(!folder.files.contains { $0.contains("evil") || $0.hasPrefix("set/") })

        let fetcher = DatasetFetcher(manifest: try manifest(good), into: folder.path)
        _ = try fetcher.fetch(from: folder.path + "/mirror")
        #expect(
            folder.files.filter { $0.hasPrefix("set/") } == [
                "set/SHA256SUMS", "set/x", "set/x/a.png", "set/y", "set/y/b.png",
            ])
        #expect(try fetcher.fetch(from: folder.path + "/mirror").wasPresent)
        let location = DatasetCatalogue.Location(folder: folder.path + "/set", form: fetcher.manifest.forms[0])
        #expect(DatasetVerification.verify(location).map(\.verdict) == [.sound, .sound])
        try folder.write("damage", to: "set/x/a.png")
        try FileManager.default.removeItem(atPath: folder.path + "/set/y/b.png")
        let reports = DatasetVerification.verify(location)
        #expect(reports.count == 2 && reports[1].verdict == .missing)
        if case .wrongContents = reports[0].verdict {} else { Issue.record("\(reports[0])") }
    }
}
