process BIOGAN_EVALUATE {
    tag "$meta.id"
    label 'process_low'

    conda "${moduleDir}/environment.yml"
    container "biogan:0.2.0"

    input:
    tuple val(meta), path(fasta)
    path reference

    output:
    tuple val(meta), path("${prefix}_evaluation/report.html"), emit: report
    tuple val(meta), path("${prefix}_evaluation/metrics.json"), emit: metrics
    tuple val(meta), path("${prefix}_evaluation/*_mqc.json"), emit: multiqc
    path "versions.yml", emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    biogan evaluate \\
        $fasta \\
        --reference $reference \\
        -o ${prefix}_evaluation \\
        $args

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        biogan: \$(biogan --version | sed 's/biogan //')
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir ${prefix}_evaluation
    touch ${prefix}_evaluation/report.html
    touch ${prefix}_evaluation/metrics.json
    touch ${prefix}_evaluation/biogan_mqc.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        biogan: 0.2.0
    END_VERSIONS
    """
}
