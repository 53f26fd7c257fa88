import AgonConfiguration
import AgonDatasets
import AgonTensors
import AgonTestFiles
import Foundation
import Testing

@Suite struct DatasetConfigurationTests {
    private func configuration(_ text: String) throws -> DatasetConfiguration {
        try ConfigReader.decode(DatasetConfiguration.self, from: ConfigNode.parse(text, file: "test.json")).value
    }

    private func project() throws -> TinyProject {
        let project = try TinyProject()
        _ = try project.fetcher().fetch(from: project.path + "/mirror")
        return project
    }

    @Test func namedSetIsFoundAndOpened() throws {
        let project = try project()
        let dataset = try configuration(#"{"name": "tiny"}"#).open(searchPath: project.searchPath)
        #expect(dataset.count == 4)
        #expect(dataset.sampleShape == [2, 2, 1])
        #expect(dataset.labels == [0, 1, 0, 1])
        #expect(dataset.classNames == ["even", "odd"])
        #expect(try dataset.samples([3]).values == [12, 13, 14, 15].map { Float($0) / 127.5 - 1 })
    }

    @Test func classesLimitAndTransformsApply() throws {
        let project = try project()
        let dataset = try configuration(
            #"{"name": "tiny", "classes": ["odd"], "limit": 1, "transforms": [{"type": "resize", "size": 4}, "rgb"]}"#
        ).open(searchPath: project.searchPath)
        #expect(dataset.count == 1)
        #expect(dataset.classNames == ["odd"])
        #expect(dataset.labels == [0], "classes are renumbered")
        #expect(dataset.sampleShape == [4, 4, 3])
        #expect(try dataset.samples([0]).values.first == Float(4) / 127.5 - 1)
        let both = try configuration(#"{"name": "tiny", "classes": [1, "even"]}"#).open(searchPath: project.searchPath)
        #expect(both.labels == [0, 1, 0, 1])
    }

    @Test func rangeAndOrderAreAsAsked() throws {
        let project = try project()
        let section = try configuration(#"{"name": "tiny", "range": "unit", "order": "file"}"#)
        #expect(section.order == .file)
        let dataset = try section.open(searchPath: project.searchPath)
        #expect(try dataset.samples([3]).values == [12, 13, 14, 15].map { Float($0) / 255 })
        let usual = try configuration(#"{"name": "tiny"}"#)
        #expect(usual.range == .signed && usual.order == .shuffled)
        #expect(SampleRange.unit.signed([0, 0.5, 1]) == [-1, 0, 1])
    }

    @Test func heldOutSamplesAreApartAndTogetherAll() throws {
        let project = try project()
        func values(_ split: String) throws -> Set<Float> {
            let dataset = try configuration(#"{"name": "tiny", "split": "\#(split)", "holdout": 0.25}"#)
                .open(searchPath: project.searchPath)
            return Set(try dataset.samples(0..<dataset.count).values)
        }
        let (train, test, validation) = (try values("train"), try values("test"), try values("validation"))
        #expect(train.count == 12 && test.count == 4)
        #expect(train.isDisjoint(with: test))
        #expect(validation == test, "a set without test samples of its own")
    }

    @Test func folderWithTrainAndTestIsSplit() throws {
        let project = try project()
        try project.folder.writeImage("images/train/a/1.png", value: 1)
        try project.folder.writeImage("images/train/b/2.png", value: 2)
        try project.folder.writeImage("images/test/a/3.png", value: 3)
        let path = project.path + "/images"
        let train = try configuration(#"{"name": "folder", "path": "\#(path)"}"#).open(searchPath: project.searchPath)
        let test = try configuration(#"{"name": "folder", "path": "\#(path)", "split": "test"}"#)
            .open(searchPath: project.searchPath)
        #expect(train.count == 2 && train.classNames == ["a", "b"])
        #expect(try test.samples([0]).values.first == Float(3) / 127.5 - 1)
    }

    @Test func syntheticSplitsDiffer() throws {
        let project = try project()
        func points(_ text: String) throws -> Tensor {
            try configuration(text).open(searchPath: project.searchPath).samples(0..<4)
        }
        let train = try points(#"{"name": "gaussians-8", "count": 10}"#)
        #expect(train.shape == [4, 2])
        #expect(try points(#"{"name": "gaussians-8", "count": 10}"#) == train)
        #expect(try points(#"{"name": "gaussians-8", "count": 10, "split": "test"}"#) != train)
        #expect(try points(#"{"name": "gaussians-8", "count": 10, "seed": 1}"#) != train)
    }

    @Test(arguments: [
        (#"{"name": "tiny", "spilt": "test"}"#, "test.json:1: spilt: unknown key. Did you mean 'split'?"),
        (#"{"name": "folder"}"#, "test.json:1: name: 'folder' needs the key 'path', the folder of the images"),
        (
            #"{"name": "tiny", "count": 3}"#,
            "test.json:1: count: 'tiny' is not synthetic; use 'limit' for fewer samples"
        ),
        (
            #"{"name": "gausians-8", "count": 3}"#,
            "test.json:1: count: 'gausians-8' is not synthetic. Did you mean 'gaussians-8'?"
        ),
        (#"{"name": "tiny", "deviation": 3}"#, "test.json:1: deviation: 'tiny' is not a Gaussian mixture"),
        (
            #"{"name": "gaussians-8", "transforms": ["mirror"]}"#,
            "test.json:1: transforms: 'gaussians-8' has points, not images"
        ),
        (
            #"{"name": "tiny", "classes": [1.5]}"#,
            "test.json:1: classes[0]: expected a class name or index, found the number 1.5"
        ),
        (
            #"{"name": "tiny", "transforms": ["miror"]}"#,
            "test.json:1: transforms[0]: unknown transform 'miror'. Did you mean 'mirror'? "
                + "Available: center-crop, grayscale, mirror, random-crop, resize, rgb"
        ),
        (
            #"{"name": "tiny", "holdout": 1}"#,
            "test.json:1: holdout: 1 is out of range; expected a number of at least 0 and below 1"
        ),
    ]) func badSectionIsRefusedWithItsPlace(text: String, expected: String) {
        #expect(message { _ = try configuration(text) } == expected)
    }

    @Test func sectionsDescribeThemselves() throws {
        let schema = try JSONSchema.describe(
            DatasetConfiguration.self, title: "Dataset", id: "https://example.org/dataset")
        let text = "\(schema)"
        for key in ["transforms", "holdout", "random-crop", "bicubic", "unpaired", "embeddings"] {
            #expect(text.contains(key))
        }
        _ = try JSONSchema.describe(DatasetManifest.self, title: "Manifest", id: "https://example.org/manifest")
    }

    @Test(arguments: [
        #"{"name": "gaussians-8", "count": 9, "deviation": 0.5, "seed": 3}"#,
        #"{"name": "pairs", "path": "p", "input": "left", "unpaired": true, "split": "test", "holdout": 0.25}"#,
        #"{"name": "mnist", "classes": ["3", 4], "limit": 7, "limitOrder": "classes", "embeddings": "e.npy", "memoryLimit": 1}"#,
        #"""
        {"name": "cifar10", "transforms": [{"type": "resize", "size": [40, 32], "filter": "bicubic", "fit": "cover"},
            {"type": "random-crop", "size": 28, "padding": 2}, {"type": "center-crop", "size": 24}, "mirror",
            "grayscale", "rgb"]}
        """#,
    ])
    func dataAreWrittenAsTheyWereRead(text: String) throws {
        let given = try ConfigReader.decode(
            DatasetConfiguration.self, from: ConfigNode.parse(text, file: "test.json"))
        let written = try ConfigReader.decode(DatasetConfiguration.self, from: given.value.node)
        #expect(written.resolved.canonicalText == given.resolved.canonicalText)
        #expect(try given.value.digest() == written.value.digest())
    }

    @Test func dataOfAProgramAreThoseOfAConfig() throws {
        let own = try DatasetConfiguration(
            name: "folder", path: "images",
            transforms: [.resize(height: 8, width: 8), .randomCrop(height: 6, width: 6, padding: 0), .mirror])
        let read = try configuration(
            #"""
            {"name": "folder", "path": "images",
             "transforms": [{"type": "resize", "size": 8}, {"type": "random-crop", "size": 6}, "mirror"]}
            """#)
        #expect(own.node == read.node)
        #expect(
            message { _ = try DatasetConfiguration(name: "folder") }
                == "'folder' needs the key 'path', the folder of the images")
    }

    @Test func deterministicDataKeepNothingRandom() throws {
        let data = try configuration(
            #"""
            {"name": "cifar10", "limit": 9, "transforms": [{"type": "random-crop", "size": 28, "padding": 2}, "mirror",
                "grayscale"]}
            """#)
        let whole = data.deterministic(split: .test, takesAll: true)
        #expect(whole.split == .test && whole.limit == nil)
        #expect(whole.transforms == [.centerCrop(height: 28, width: 28, padding: 2), .grayscale])
        // The identity of values from before the padding was kept.
        #expect(whole.transforms[0].node == ImageTransform.centerCrop(height: 28, width: 28).node)
        #expect(data.deterministic(split: .train).limit == 9)
    }

    @Test func digestIsOfTheSamples() throws {
        let digest = try configuration(#"{"name": "mnist"}"#).digest()
        // Where they lie and how they are kept does not matter, but which images a folder has does.
        #expect(
            try configuration(#"{"name": "mnist", "path": "/a", "memoryLimit": 1, "holdout": 0}"#).digest() == digest)
        #expect(try configuration(#"{"name": "mnist", "split": "test"}"#).digest() != digest)
        #expect(
            try configuration(#"{"name": "folder", "path": "a"}"#).digest()
                != configuration(#"{"name": "folder", "path": "b"}"#).digest())
    }

    @Test(arguments: [
        (#""classes": [0]"#, "classes: 'gaussians-8' is drawn from all modes"),
        (#""limit": 16"#, "limit: 'gaussians-8' is synthetic; use 'count' for fewer samples"),
        (#""limitOrder": "classes""#, "limitOrder: there is no 'limit'"),
        (
            #""holdout": 0.5"#,
            "holdout: 'gaussians-8' is synthetic: its test and validation samples are drawn apart"
        ),
    ])
    func mixturesRefuseSettingsOfStoredData(setting: String, text: String) {
        #expect(message { _ = try configuration(#"{"name": "gaussians-8", \#(setting)}"#) }.hasSuffix(text))
    }

    @Test func missingDataSayHowToGetThem() throws {
        let project = try TinyProject()
        let text = message { _ = try configuration(#"{"name": "tiny"}"#).open(searchPath: project.searchPath) }
        #expect(
            text == "dataset 'tiny' not found: no images in \(project.datasets)/tiny. "
                + "Get it with: agon datasets fetch tiny")
        let near = message { _ = try configuration(#"{"name": "tinny"}"#).open(searchPath: project.searchPath) }
        #expect(
            near == "unknown dataset 'tinny'. Did you mean 'tiny'? "
                + "Available: folder, gaussians-25, gaussians-8, pairs, stacked-mnist, tiny, unpaired")
        let other = message {
            _ = try configuration(#"{"name": "tiny", "path": "/nowhere"}"#).open(searchPath: project.searchPath)
        }
        #expect(other.contains("no images in /nowhere/tiny, /nowhere."))
        try project.folder.writeImage("own/a.png", value: 9)
        let own = project.path + "/own"
        let images = message {
            _ = try configuration(#"{"name": "tiny", "path": "\#(own)"}"#).open(searchPath: project.searchPath)
        }
        #expect(images.contains("Passed over: \(own): holds image files, which dataset.name=folder reads. "))
    }

    @Test func earlierRootsWin() throws {
        let project = try project()
        try project.folder.write(idx([2, 1, 1], [1, 2]), to: "given/tiny/images")
        try project.folder.write(idx([2], [0, 1]), to: "given/tiny/labels")
        try project.folder.write(idx([3, 1, 1], [1, 2, 3]), to: "direct/images")
        try project.folder.write(idx([3], [0, 1, 0]), to: "direct/labels")
        func count(data: String?, environment: [String: String]) throws -> Int {
            let path = DataSearchPath.standard(
                dataFolder: data, environment: environment, workingFolder: project.path + "/mirror",
                systemFolders: [])
            return try configuration(#"{"name": "tiny"}"#).open(searchPath: path).count
        }
        let (given, direct) = (project.path + "/given", project.path + "/direct")
        #expect(try count(data: nil, environment: [:]) == 4)
        #expect(try count(data: nil, environment: ["AGON_DATA": given]) == 2)
        #expect(try count(data: direct, environment: ["AGON_DATA": given]) == 3)
        #expect(try count(data: "/nowhere", environment: [:]) == 4)
    }

    @Test func projectsManifestsAreSound() throws {
        // The manifests are found from this source file upwards.
        let folder = FilePath.parent(of: #filePath)
        let path = DataSearchPath.standard(environment: [:], workingFolder: folder)
        let entries = try DatasetCatalogue(searchPath: path).entries()
        #expect(Set(entries.map(\.manifest.name)).isSuperset(of: ["mnist", "fashion-mnist", "cifar10", "facades"]))
        for entry in entries {
            #expect(FileManager.default.fileExists(atPath: path.manifestFolders[0] + "/\(entry.manifest.name).json"))
        }
    }

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"),
            "dataset-fashion-mnist is not installed"))
    func installedPackageIsOpened() throws {
        let path = DataSearchPath.standard(
            environment: [:], workingFolder: FilePath.parent(of: #filePath))
        let dataset = try configuration(#"{"name": "fashion-mnist", "split": "test"}"#).open(searchPath: path)
        #expect(dataset.count == 10000)
        #expect(dataset.sampleShape == [28, 28, 1])
        #expect(dataset.classNames[Int(try #require(dataset.labels)[0])] == "Ankle boot")
    }
}
