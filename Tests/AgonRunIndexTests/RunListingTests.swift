import AgonConfiguration
import AgonTestSupport
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonRunIndex
@testable import AgonRuns
@testable import AgonSweeps

@Suite struct RunListingTests: TestOfIndexedRuns {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func valuesOfOtherIdentitiesAreMarked() throws {
        try makeRun("a", fid: [30, 8])
        try makeRun("b", fid: [20], identity: "bbbb")
        let index = index()
        try index.update([runs])
        let listing = try RunListing(index, below: [runs], columns: ["name", "metric.fid-lenet"])
        #expect(listing.table.text.hasSuffix("20 (b)") && listing.table.text.contains("8 (a)"), "\(listing.table.text)")
        #expect(
            listing.notes == [
                "metric.fid-lenet: values were computed in different ways (metric.fid-lenet.identity; letters in the "
                    + "table) and are not comparable"
            ])
        let misspelt = try RunListing(index, below: [runs], where: RunQuery("metric.fdc-lenet < 3"), columns: ["name"])
        #expect(misspelt.notes == ["no run here has 'metric.fdc-lenet'. Did you mean 'metric.fid-lenet'?"])
        #expect(misspelt.rows.isEmpty)
    }

    @Test func programsGetIdentitiesBesideTheValues() throws {
        try makeRun("a", fid: [30, 8])
        try makeRun("b", fid: [20.0625], identity: "bbbb")
        let index = index()
        try index.update([runs])
        let listing = try RunListing(
            index, below: [runs], columns: ["metric.fid-lenet", "metric.fid-lenet.last", "step"])
        let (first, second) = (Self.identity().hash, Self.identity("bbbb").hash)
        #expect(
            listing.values.commaSeparated == """
                run,metric.fid-lenet,metric.fid-lenet.last,metric.fid-lenet.identity,step
                \(runs)/a,8,8,\(first),10
                \(runs)/b,20.0625,20.0625,\(second),10
                """)
        #expect(listing.node.array?.map { $0["metric.fid-lenet.identity"]?.string } == [first, second])
    }

    @Test func axesOfASweepAreShown() throws {
        let sweep = try makeSweep(sizes: ["small", "large"])
        let index = index()
        try index.update([sweep])
        let listing = try RunListing(index, below: [sweep])
        // The objective follows from the size, and says no more.
        #expect(
            listing.columns == ["state", "step", "axis.size", "optimizer.learningRate", "seed", "seconds", "size"],
            "\(listing.columns)")
        #expect(listing.rows.map { $0["axis.size"] } == ["small", "large"])
        // An axis of cases may be named like a section; preparing a sweep again changes the facts.
        let list = try String(contentsOfFile: sweep + "/trials.json", encoding: .utf8)
        let renamed = list.replacing("\"size\"", with: "\"objective\"")
        try renamed.write(toFile: sweep + "/trials.json", atomically: true, encoding: .utf8)
        try index.update([sweep])
        #expect(try RunListing(index, below: [sweep]).rows.map { $0["axis.objective"] } == ["small", "large"])
    }

    @Test func usualColumnsAreWhatDiffers() throws {
        try makeRun("a", objective: "selfgan", fid: [8])
        try makeRun("b", objective: "gan", fid: [9])
        try makeRun("c", objective: "gan", seed: 4, fid: [7])
        let index = index()
        try index.update([runs])
        let listing = try RunListing(index, below: [runs])
        let usual = ["state", "step", "metric.fid-lenet", "objective", "seed", "seconds", "size"]
        #expect(listing.columns == usual, "\(listing.columns)")
        // What is asked about is shown too.
        let asked = try RunListing(index, below: [runs], where: RunQuery("loss < 3"), sort: RunSort("-loss.maximize"))
        #expect(asked.columns == ["state", "step", "loss", "loss.maximize"] + usual.dropFirst(2), "\(asked.columns)")
    }

    @Test func listingsPreferTheIdentityThatMostRunsShare() throws {
        try makeRun("a", fid: [9])
        try makeRun("b", fid: [8])
        let again = try makeRun("c", fid: [7])
        // Newer, so that it leads within the run.
        try again.record([Self.value(step: 1, 1, "bbbb")])
        try makeRun("d", fid: [2], identity: "cccc")
        let index = index()
        try index.update([runs])
        let metric = "metric.fid-lenet"
        let listing = try RunListing(index, below: [runs], sort: RunSort(metric), columns: [metric, metric + ".last"])
        #expect(listing.rows.map { $0[metric] } == ["2", "7", "8", "9"])
        #expect(listing.rows.map { $0[metric + ".identity"] }.dropFirst().allSatisfy { $0 == Self.identity().hash })
        #expect(try names(index, "metric.fid-lenet < 8") == ["c", "d"])
        #expect(try names(index, "metric.fid-lenet == 1").isEmpty)
        // By itself, the run leads with its newest.
        #expect(try index.runs(below: [again.path], keys: [metric]).first?[metric] == "1")
    }
}
