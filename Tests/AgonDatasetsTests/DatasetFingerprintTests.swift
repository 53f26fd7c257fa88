import AgonConfiguration
import AgonTestFiles
import Foundation
import Testing

@testable import AgonDatasets

@Suite struct DatasetFingerprintTests {
    private func open(_ text: String, _ searchPath: DataSearchPath) throws -> any Dataset {
        try ConfigReader.decode(DatasetConfiguration.self, from: ConfigNode.parse(text, file: "test.json")).value
            .open(searchPath: searchPath)
    }

    private func fingerprint(_ folder: TemporaryFolder, _ path: String) throws -> DatasetFingerprint {
        let searchPath = DataSearchPath(roots: [], manifestFolders: [], fetchFolder: folder.path)
        let dataset = try open(
            #"{"name": "folder", "path": "\#(folder.path)/\#(path)", "transforms": [{"type": "resize", "size": 2}]}"#,
            searchPath)
        return try #require(dataset.fingerprint)
    }

    @Test func contentsAndNamesCountAndThePlaceDoesNot() throws {
        let folder = try TemporaryFolder()
        for place in ["one", "two", "renamed", "other", "more"] {
            try folder.writeImage(place + "/a.png", value: 1)
            try folder.writeImage(place + (place == "renamed" ? "/c.png" : "/b.png"), value: place == "other" ? 3 : 2)
        }
        try folder.writeImage("more/c.png", value: 1)
        let one = try fingerprint(folder, "one")
        #expect(one.files == 2)
        #expect(try fingerprint(folder, "two") == one)
        #expect(try fingerprint(folder, "other") != one && fingerprint(folder, "renamed") != one)
        #expect(try fingerprint(folder, "more").change(from: one) == "2 files before, 3 now")
        #expect(
            try fingerprint(folder, "renamed").change(from: one)
                == "2 files of the same size as before, but with other names or contents")
        #expect(one.change(from: one) == nil)
    }

    @Test func recordComesBack() throws {
        let print = DatasetFingerprint(files: 3, bytes: 99, sha256: String(repeating: "ab", count: 32))
        #expect(DatasetFingerprint(print.node) == print)
        #expect(DatasetFingerprint(["files": 3]) == nil)
    }

    @Test func compressedFilesCountAsWhatTheyHold() throws {
        let project = try TinyProject()
        try project.folder.write(project.images, to: "Datasets/tiny/images")
        try project.folder.write(project.labels, to: "Datasets/tiny/labels")
        let plain = try open(#"{"name": "tiny"}"#, project.searchPath)
        #expect(plain.fingerprint?.files == 2)
        let gzip = Process()
        gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        gzip.arguments = ["gzip", project.datasets + "/tiny/images"]
        try gzip.run()
        gzip.waitUntilExit()
        let compressed = try open(#"{"name": "tiny"}"#, project.searchPath)
        #expect(compressed.fingerprint == plain.fingerprint && compressed.notes.isEmpty)
        try project.folder.write(idx([4], [1, 1, 0, 1]), to: "Datasets/tiny/labels")
        #expect(throws: DatasetError.self, "labels of the recorded size that are others") {
            _ = try open(#"{"name": "tiny"}"#, project.searchPath)
        }
    }

    @Test func syntheticSetsHaveNone() throws {
        let path = DataSearchPath(roots: [], manifestFolders: [], fetchFolder: "")
        #expect(try open(#"{"name": "gaussians-8", "count": 10}"#, path).fingerprint == nil)
    }

    @Test func domainsCountBoth() throws {
        let folder = try TemporaryFolder()
        for name in ["trainA/a.png", "trainB/a.png"] { try folder.writeImage("set/" + name, value: 1) }
        let path = DataSearchPath(roots: [], manifestFolders: [], fetchFolder: "")
        let text = #"{"name": "unpaired", "path": "\#(folder.path)/set"}"#
        let first = try #require(try open(text, path).fingerprint)
        #expect(first.files == 2)
        try folder.writeImage("set/trainA/a.png", value: 2)
        #expect(try open(text, path).fingerprint != first)
    }
}
